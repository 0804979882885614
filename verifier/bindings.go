// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
)

// Bindings are what a token can be bound to (rule 7.9 of docs/format.md). A
// token that is bound to something that is not given is rejected, so the zero
// Bindings accept only tokens that are bound to nothing. There is no field for
// the request: a token that is bound to one is always rejected.
type Bindings struct {
	// Peer is the certificate with which the sender of the token authenticated
	// its connection (RFC 8446 §4.4.2), or nil. A token with a cnf claim (RFC
	// 8705 §3.1) is accepted only from this peer.
	Peer *x509.Certificate
}

// VerifyBound is [Verifier.Verify] for a caller that knows who sent the token.
func (v *Verifier) VerifyBound(raw string, b Bindings) (Token, error) {
	if v.core == nil {
		return Token{}, errZeroVerifier
	}
	token, err := v.verify(raw, b)
	if err != nil {
		return Token{}, err
	}
	return Token{token}, nil
}

// PeerBound reports whether the token has a cnf claim, and so was accepted only
// because it came from the peer that the claim names.
func (t Token) PeerBound() bool { return t.state().peer != "" }

// bound does the part of rule 7.9 that is the same for every sender: it returns
// the digest of the certificate that cnf names, or nothing without a cnf.
func (c *claims) bound() (peer string, err error) {
	if c.request != "" {
		return "", reject(stapled.BindingMismatch, "the token has %s, and this verifier was given no request", c.request)
	}
	if c.cnf == "" {
		return "", nil
	}
	if peer, err = strictjson.ParseConfirmation(c.cnf); err != nil {
		return "", reject(stapled.BindingMismatch, "claim cnf: %w", err)
	}
	return peer, nil
}

// checkBindings does the rest of rule 7.9. It is for every use of a token, also
// of one that another peer has used.
func (t *accepted) checkBindings(b Bindings) error {
	if t.peer == "" {
		return nil
	}
	if b.Peer == nil {
		return reject(stapled.BindingMismatch, "the token has cnf, and this verifier was given no peer")
	}
	digest := sha256.Sum256(b.Peer.Raw)
	var text [43]byte // of 32 bytes
	base64.RawURLEncoding.Encode(text[:], digest[:])
	if string(text[:]) != t.peer {
		return reject(stapled.BindingMismatch, "cnf names another certificate than the peer's, which is %s", string(text[:]))
	}
	return nil
}
