// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
)

// Claims are the claims of one token. The issuer adds iss, iat, nbf, exp and
// jti, which is 128 random bits (RFC 7519 §4.1).
type Claims struct {
	// Audience is the aud claim: who the token is for. Required. One value is
	// written as a string, several as an array (RFC 7519 §4.1.3).
	Audience []string
	// Subject is the sub claim. Default: none.
	Subject string
	// Peer is the certificate of the TLS client that may present the token. Its
	// digest becomes the cnf claim (RFC 8705 §3.1), and verifiers that are not
	// given this certificate reject the token. Default: none, a bearer token.
	Peer *x509.Certificate
	// Extra holds further claims: a map or struct that encoding/json encodes as
	// an object. It must not contain a claim that the issuer sets, one that binds
	// a token (cnf, htm, htu, htq, htd), a registered claim in another case, such
	// as SUB, or anything that two JSON parsers could
	// read differently (rule 1.4 of docs/format.md). Default: none.
	Extra any
	// TTL is the maximum time from iat to exp of this token. It must not exceed
	// [Config].TTL, which is the default.
	TTL time.Duration
}

// check refuses claims that could not be signed as given.
func (claims *Claims) check() error {
	if len(claims.Audience) == 0 {
		return refuse(stapled.ClaimsInvalid, "aud is required: a token for nobody in particular is one for everybody")
	}
	if len(claims.Audience) > strictjson.MaxAudiences {
		return refuse(stapled.ClaimsInvalid, "aud has %d values, and verifiers accept %d", len(claims.Audience), strictjson.MaxAudiences)
	}
	for _, audience := range claims.Audience {
		if audience == "" || !utf8.ValidString(audience) {
			return refuse(stapled.ClaimsInvalid, "aud holds an empty value or one that is not UTF-8")
		}
	}
	if !utf8.ValidString(claims.Subject) {
		return refuse(stapled.ClaimsInvalid, "sub is not UTF-8")
	}
	if claims.Peer != nil && len(claims.Peer.Raw) == 0 {
		return refuse(stapled.ClaimsInvalid, "Peer has no DER; use a certificate that was parsed")
	}
	return nil
}

// appendPayload writes the JWT Claims Set (RFC 7519 §4).
func (c *credential) appendPayload(b []byte, claims Claims, now, exp time.Time) ([]byte, error) {
	if err := claims.check(); err != nil {
		return nil, err
	}
	extra, err := encodeExtra(claims.Extra, claims.Subject != "", claims.Peer != nil)
	if err != nil {
		return nil, &stapled.Error{Reason: stapled.ClaimsInvalid, Err: err}
	}
	b = append(b, c.claims...)
	if claims.Subject != "" {
		b = appendString(append(b, `,"sub":`...), claims.Subject)
	}
	b = append(b, `,"aud":`...)
	if len(claims.Audience) == 1 {
		b = appendString(b, claims.Audience[0])
	} else {
		b = appendStrings(b, claims.Audience)
	}
	b = strconv.AppendInt(append(b, `,"iat":`...), now.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"nbf":`...), now.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"exp":`...), exp.Unix(), 10)
	var id [16]byte
	rand.Read(id[:]) // never fails
	b = base64.RawURLEncoding.AppendEncode(append(b, `,"jti":"`...), id[:])
	b = append(b, '"')
	if claims.Peer != nil {
		digest := sha256.Sum256(claims.Peer.Raw)
		b = base64.RawURLEncoding.AppendEncode(append(b, `,"cnf":{"`+strictjson.Confirmation+`":"`...), digest[:])
		b = append(b, `"}`...)
	}
	if len(extra) > 0 {
		b = append(append(b, ','), extra...)
	}
	return append(b, '}'), nil
}
