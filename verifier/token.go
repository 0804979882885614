// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Token is what an accepted token says. It is a small value that cannot be
// changed: copy it, compare it, share it.
//
// An accepted token proves who signed it, and that the certificate was not
// revoked when the staple was made. What the bearer may do is for the caller to
// decide. Authorize on [Token.Identity] or [Token.Issuer]; the other claims are
// what that party says.
//
// The zero Token says nothing: its texts are empty, its times zero, and Decode
// and Leaf return an error.
type Token struct{ accepted *accepted }

// accepted is the state of a [Token], which the caches of a verifier share with
// its callers. It is immutable.
type accepted struct {
	iss, sub, jti string
	iat, nbf, exp time.Time
	freshUntil    time.Time

	payload string
	header  *provenHeader
	// begin and end are compared at every use.
	begin, end time.Time
}

// nothing is the state of the zero Token.
var nothing = accepted{header: &provenHeader{staples: []provenStaple{{staple: new(ocspstaple.Staple)}}}}

var errZero = errors.New("verifier: the zero Token has no claims and no certificate; use one that Verify returned")

func (t Token) state() *accepted {
	if t.accepted == nil {
		return &nothing
	}
	return t.accepted
}

// Issuer is iss (RFC 7519 §4.1.1). It is proven to be a name of the leaf, but
// the signer chose which: a certificate with several names can speak as each of
// them. Authorize on it where callers have one name, or where each name of a
// certificate has rights of its own.
func (t Token) Issuer() string { return t.state().iss }

// Identity is what the leaf names: its first URI, else its first DNS name. The
// CA decides, and the signer cannot choose another: authorize on it where a
// certificate stands for one party.
func (t Token) Identity() string { return t.state().header.identity }

// Subject is sub (RFC 7519 §4.1.2), or empty. It is a claim of the issuer and
// proven by nothing else: authorize on it only together with the issuer that
// may speak for it.
func (t Token) Subject() string { return t.state().sub }

// ID is jti (RFC 7519 §4.1.7), which is unique to the issuer only.
func (t Token) ID() string { return t.state().jti }

// Audience is the values of aud (RFC 7519 §4.1.3). The audience of the verifier
// is among them. Each call makes a new slice.
func (t Token) Audience() []string {
	members, err := strictjson.ParseObject(t.state().payload, nil)
	if err != nil {
		return nil // the zero Token: a payload that was accepted parses
	}
	for _, m := range members {
		if m.Name != "aud" {
			continue
		}
		values, err := audience(m.Value, nil)
		if err != nil {
			return nil
		}
		for i, value := range values {
			values[i] = strings.Clone(value) // and not the whole payload with it
		}
		return values
	}
	return nil
}

// IssuedAt is iat (RFC 7519 §4.1.6).
func (t Token) IssuedAt() time.Time { return t.state().iat }

// NotBefore is nbf (RFC 7519 §4.1.5).
func (t Token) NotBefore() time.Time { return t.state().nbf }

// Expiry is exp (RFC 7519 §4.1.4).
func (t Token) Expiry() time.Time { return t.state().exp }

// Staple proves that the leaf was not revoked at its ThisUpdate. It is never
// nil. Each call makes a copy.
func (t Token) Staple() *ocspstaple.Staple { return t.state().header.staples[0].staple.Clone() }

// FreshUntil is the time after which this token is rejected, whatever happens:
// the end of the first window to close, of the token, its staples and its
// certificates. Where that is Expiry, it is rejected at it already (RFC 7519
// §4.1.4).
func (t Token) FreshUntil() time.Time { return t.state().freshUntil }

// Decode decodes all claims into v, as [json.Unmarshal] does.
func (t Token) Decode(v any) error {
	if t.accepted == nil {
		return errZero
	}
	return json.Unmarshal([]byte(t.accepted.payload), v)
}

// Leaf is the certificate whose key signed the token. It is kept as DER and
// parsed by each call.
func (t Token) Leaf() (*x509.Certificate, error) {
	if t.accepted == nil {
		return nil, errZero
	}
	return x509.ParseCertificate(bytes.Clone(t.accepted.header.leaf)) // which it would share
}

// newToken is step 7 for a payload that the leaf key has signed.
func (v *Verifier) newToken(h *provenHeader, payload string, now time.Time) (*accepted, error) {
	c, err := parseClaims(payload, v.cfg.Audience)
	if err != nil {
		return nil, err
	}
	if err := c.check(&v.cfg, h); err != nil {
		return nil, err
	}
	t := &accepted{
		iss: c.iss, sub: c.sub, jti: c.jti,
		iat: c.iat, nbf: c.nbf, exp: c.exp,
		freshUntil: c.exp,
		payload:    payload, header: h,
		begin: c.nbf, end: c.exp,
	}
	if c.iat.After(t.begin) {
		t.begin = c.iat
	}
	if h.freshUntil.Before(c.exp) {
		t.freshUntil = h.freshUntil
	}
	if err := t.checkClaimTimes(now, v.leeway); err != nil {
		return nil, err
	}
	if err := t.checkLifetime(v.cfg.MaxLifetime); err != nil {
		return nil, err
	}
	return t, nil
}
