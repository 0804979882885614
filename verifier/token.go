// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"encoding/json"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// Token is what an accepted token says. Callers share it, and what it points
// to, with the caches of the verifier: it is read-only.
//
// An accepted token proves who signed it, and that its certificate was not revoked
// when the staple was made. What the bearer may do is for the caller to decide.
type Token struct {
	// Issuer is iss, which names the leaf.
	Issuer string
	// Identity is what the leaf names: its first URI, else its first DNS name.
	Identity string
	// Subject is sub, or empty.
	Subject string
	// ID is jti.
	ID string
	// IssuedAt, NotBefore and Expiry are iat, nbf and exp.
	IssuedAt, NotBefore, Expiry time.Time
	// Staple proves that the leaf was not revoked at its ThisUpdate.
	Staple *ocspstaple.Staple
	// FreshUntil is the time after which this token is rejected, whatever
	// happens: the end of the first window to close, of the token, its staples
	// and its certificates. Where that is Expiry, it is rejected at it already
	// (RFC 7519 §4.1.4).
	FreshUntil time.Time

	payload string
	header  *provenHeader
	// begin and end are compared at every use. They are no fields that a caller
	// could change for all others.
	begin, end time.Time
}

// Decode decodes all claims into v, as encoding/json does.
func (t *Token) Decode(v any) error { return json.Unmarshal([]byte(t.payload), v) }

// Leaf is the certificate whose key signed the token. It is kept as DER and
// parsed by each call.
func (t *Token) Leaf() (*x509.Certificate, error) { return x509.ParseCertificate(t.header.leaf) }

// newToken is step 7 for a payload that the leaf key has signed.
func (v *Verifier) newToken(h *provenHeader, payload string, now time.Time) (*Token, error) {
	c, err := parseClaims(payload, v.cfg.Audience)
	if err != nil {
		return nil, err
	}
	if err := c.check(&v.cfg, h); err != nil {
		return nil, err
	}
	t := &Token{
		Issuer: c.iss, Identity: h.identity, Subject: c.sub, ID: c.jti,
		IssuedAt: c.iat, NotBefore: c.nbf, Expiry: c.exp,
		Staple:     h.staples[0].staple,
		FreshUntil: c.exp,
		payload:    payload, header: h,
		begin: c.nbf, end: c.exp,
	}
	if c.iat.After(t.begin) {
		t.begin = c.iat
	}
	if h.freshUntil.Before(c.exp) {
		t.FreshUntil = h.freshUntil
	}
	if err := t.checkClaimTimes(now, v.cfg.Leeway); err != nil {
		return nil, err
	}
	if err := t.checkLifetime(v.cfg.MaxLifetime); err != nil {
		return nil, err
	}
	return t, nil
}
