// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/cert"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// headerParts are the members of our header other than alg.
type headerParts struct {
	typ, kid  string
	x5c, ocsp []string
}

func (s *Setup) headerParts() headerParts {
	c := s.clients[testca.P256]
	return headerParts{
		typ: "stapled+jwt", kid: certx5c.KeyID(c.leaf.Cert), x5c: certx5c.Encode(c.leaf.Chain()),
		ocsp: []string{base64.StdEncoding.EncodeToString(c.staple)},
	}
}

// newID returns 128 random bits, as Issuer.Sign puts them into jti.
func newID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// peerSigningPaths are other libraries that sign tokens like Issuer.Sign's: the
// same header, the same claims.
func (s *Setup) peerSigningPaths() []Path {
	var paths []Path
	for _, peer := range []struct {
		name, does string
		signer     func() (func() (string, error), error)
	}{
		{"golang_jwt_sign", "golang-jwt", s.golangJWTSigner},
		{"go_jose_sign", "go-jose", s.goJOSESigner},
		{"jwx_sign", "jwx", s.jwxSigner},
	} {
		sign, err := peer.signer()
		paths = append(paths, Path{
			Name: peer.name, Does: peer.does, Raw: "raw_sign_es256", Times: 1,
			Batch: func(int) (Operation, error) {
				if err != nil {
					return nil, err
				}
				// The result must be one of our tokens.
				raw, err := sign()
				if err == nil {
					err = s.verify(raw)
				}
				if err != nil {
					return nil, fmt.Errorf("%s: %w", peer.name, err)
				}
				return func(int) error { _, err := sign(); return err }, nil
			},
		})
	}
	return paths
}

func (s *Setup) golangJWTSigner() (func() (string, error), error) {
	h, key, name := s.headerParts(), s.clients[testca.P256].leaf.Key, s.issuerName()
	return func() (string, error) {
		now := s.now().Truncate(time.Second)
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.RegisteredClaims{
			Issuer: name, Subject: subject, Audience: jwt.ClaimStrings{audience}, ID: newID(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		})
		token.Header["typ"], token.Header["kid"] = h.typ, h.kid
		token.Header["x5c"], token.Header["ocsp"] = h.x5c, h.ocsp
		return token.SignedString(key)
	}, nil
}

func (s *Setup) goJOSESigner() (func() (string, error), error) {
	h, name := s.headerParts(), s.issuerName()
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(h.typ)).
		WithHeader("kid", h.kid).WithHeader("x5c", h.x5c).WithHeader("ocsp", h.ocsp)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.clients[testca.P256].leaf.Key}, options)
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		now := s.now().Truncate(time.Second)
		return josejwt.Signed(signer).Claims(josejwt.Claims{
			Issuer: name, Subject: subject, Audience: josejwt.Audience{audience}, ID: newID(),
			IssuedAt: josejwt.NewNumericDate(now), NotBefore: josejwt.NewNumericDate(now), Expiry: josejwt.NewNumericDate(now.Add(lifetime)),
		}).Serialize()
	}, nil
}

func (s *Setup) jwxSigner() (func() (string, error), error) {
	h, name := s.headerParts(), s.issuerName()
	headers := jws.NewHeaders()
	var chain cert.Chain
	for _, der := range h.x5c {
		if err := chain.AddString(der); err != nil {
			return nil, err
		}
	}
	for member, value := range map[string]any{"typ": h.typ, "kid": h.kid, "x5c": &chain, "ocsp": h.ocsp} {
		if err := headers.Set(member, value); err != nil {
			return nil, err
		}
	}
	withKey := jwxjwt.WithKey(jwa.ES256(), s.clients[testca.P256].leaf.Key, jws.WithProtectedHeaders(headers))
	return func() (string, error) {
		now := s.now().Truncate(time.Second)
		token, err := jwxjwt.NewBuilder().Issuer(name).Subject(subject).Audience([]string{audience}).JwtID(newID()).
			IssuedAt(now).NotBefore(now).Expiration(now.Add(lifetime)).Build()
		if err != nil {
			return "", err
		}
		raw, err := jwxjwt.Sign(token, withKey)
		return string(raw), err
	}, nil
}
