// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Token is an accepted token. It is a small immutable value: copy it, compare
// it, share it.
//
// An accepted token proves who signed it, and that the certificate was not
// revoked when the staple was made. The caller decides what the bearer may do.
// Authorize on [Token.Identity] or [Token.Issuer]; the other claims are
// statements of that party.
//
// The zero Token is empty: its strings are empty, its times zero, and Decode
// and Leaf return an error.
type Token struct{ accepted *accepted }

// accepted is the state of a [Token]. A verifier's caches share it with
// callers. It is immutable.
type accepted struct {
	iss, sub, jti string
	iat, nbf, exp time.Time
	freshUntil    time.Time

	payload string
	header  *provenHeader
	// peer is the digest in cnf, or empty. It is compared on every use.
	peer string
	// begin and end are checked on every use.
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

// Issuer returns iss (RFC 7519 §4.1.1). It is proven to be a name of the leaf,
// but the signer chose which: a certificate with several names can speak as
// each of them. Authorize on it if callers have one name, or if each name of a
// certificate has its own rights.
func (t Token) Issuer() string { return t.state().iss }

// Identity returns the leaf's first URI, or else its first DNS name, among those
// within the scope of the anchor. The CA decides it, and the signer cannot
// choose another. Authorize on it if a certificate stands for one party.
func (t Token) Identity() string { return t.state().header.identity }

// Names returns the leaf's URIs, then its DNS names, among those within the
// scope of the anchor. Each call returns a new slice.
func (t Token) Names() []string {
	names := t.state().header.names
	return append(slices.Clone(names.URIs), names.DNS...)
}

// Subject returns sub (RFC 7519 §4.1.2), which may be empty. It is a claim of
// the issuer, and nothing else proves it: authorize on it only together with
// the issuer that may speak for it.
func (t Token) Subject() string { return t.state().sub }

// ID returns jti (RFC 7519 §4.1.7), which is unique only within the issuer.
func (t Token) ID() string { return t.state().jti }

// Audience returns the values of aud (RFC 7519 §4.1.3). They include the
// verifier's audience. Each call returns a new slice.
func (t Token) Audience() []string {
	members, err := strictjson.ParseObject(t.state().payload, strictjson.Claims, nil)
	if err != nil {
		return nil // the zero Token: an accepted payload parses
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
			values[i] = strings.Clone(value) // so that it does not hold the whole payload
		}
		return values
	}
	return nil
}

// IssuedAt returns iat (RFC 7519 §4.1.6).
func (t Token) IssuedAt() time.Time { return t.state().iat }

// NotBefore returns nbf (RFC 7519 §4.1.5).
func (t Token) NotBefore() time.Time { return t.state().nbf }

// Expiry returns exp (RFC 7519 §4.1.4).
func (t Token) Expiry() time.Time { return t.state().exp }

// Staple returns the staple proving that the leaf was not revoked at its
// ThisUpdate. It is never nil. Each call returns a copy.
func (t Token) Staple() *ocspstaple.Staple { return t.state().header.staples[0].staple.Clone() }

// FreshUntil returns the time after which this token is always rejected: the
// end of the first window to close, of the token, its staples or its
// certificates. If that is Expiry, the token is already rejected at that time
// (RFC 7519 §4.1.4).
func (t Token) FreshUntil() time.Time { return t.state().freshUntil }

// Decode decodes all claims into v, as [json.Unmarshal] does.
func (t Token) Decode(v any) error {
	if t.accepted == nil {
		return errZero
	}
	if raw, ok := v.(*json.RawMessage); ok && raw != nil {
		// What Unmarshal would do, without parsing again what an accepted token is
		// known to be.
		*raw = append((*raw)[:0], strings.Trim(t.accepted.payload, " \t\r\n")...)
		return nil
	}
	return json.Unmarshal([]byte(t.accepted.payload), v)
}

// Anchor returns which anchor vouches for the token. It is the same however the
// verifier came to know, and whichever of the anchor's certificates were given.
func (t Token) Anchor() certs.AnchorID {
	if t.accepted == nil {
		return certs.AnchorID{}
	}
	return t.accepted.header.anchor.ID()
}

// Leaf returns the certificate whose key signed the token. It holds all names
// that the CA put into it, also those outside the scope of the anchor: authorize
// on [Token.Identity] or [Token.Issuer]. The token keeps the certificate as DER,
// and each call parses it.
func (t Token) Leaf() (*x509.Certificate, error) {
	if t.accepted == nil {
		return nil, errZero
	}
	return x509.ParseCertificate(bytes.Clone(t.accepted.header.leaf)) // a parsed certificate shares its DER
}

// newToken does step 7 for a payload that the leaf key signed.
func (v *Verifier) newToken(h *provenHeader, payload string, b Bindings, now time.Time) (*accepted, error) {
	c, err := parseClaims(payload, v.view.Audience)
	if err != nil {
		return nil, err
	}
	if err := c.check(&v.view, h); err != nil {
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
	if err := t.checkLifetime(v.view.MaxLifetime); err != nil {
		return nil, err
	}
	if t.peer, err = c.bound(); err != nil {
		return nil, err
	}
	if err := t.checkBindings(b); err != nil {
		return nil, err
	}
	return t, nil
}
