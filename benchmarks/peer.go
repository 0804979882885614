// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto/ecdsa"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/stapledjwt/stapled/internal/testca"
)

// peerPaths are other libraries on ES256 tokens with the same claims as all
// other tokens. Each is given the key, and checks iss, aud, exp and nbf, but no
// chain and no revocation; "naive" does. The tokens are of two kinds: those
// that Issuer.Sign makes, and those that such libraries usually see, with only
// alg, typ and kid in the header.
func (s *Setup) peerPaths() []Path {
	paths := []Path{{
		Name: "go_jose_naive", Does: "go-jose, x509.Verify and x/crypto/ocsp", Raw: "raw_es256", Times: 4,
		Batch: s.onRing(true, s.naive()),
	}}
	for _, peer := range []struct {
		name, does string
		verify     func(raw string) error
	}{
		{"golang_jwt", "golang-jwt", s.golangJWT()},
		{"go_jose", "go-jose", s.goJOSE()},
		{"jwx", "jwx", s.jwx()},
	} {
		paths = append(paths,
			Path{Name: peer.name, Does: peer.does + ", small header", Raw: "raw_es256", Times: 1, Batch: s.onRing(false, peer.verify)},
			Path{Name: peer.name + "_our_header", Does: peer.does + ", our header", Raw: "raw_es256", Times: 1, Batch: s.onRing(true, peer.verify)})
	}
	return paths
}

// onRing makes a batch of verifications of tokens that were made once: these
// libraries remember nothing.
func (s *Setup) onRing(ourHeader bool, verify func(raw string) error) func(int) (Operation, error) {
	var raw []string
	return func(int) (Operation, error) {
		if raw == nil {
			var err error
			if raw, err = s.ring(ourHeader); err != nil {
				return nil, err
			}
		}
		return func(i int) error { return verify(raw[i%ring]) }, nil
	}
}

func (s *Setup) ring(ourHeader bool) ([]string, error) {
	c := s.clients[testca.P256]
	if ourHeader {
		return c.sign(ring)
	}
	return tokens(ring, func(int) string {
		t := testca.NewToken(c.leaf)
		t.Header = testca.Members{{Name: "alg", Value: "ES256"}, {Name: "typ", Value: "JWT"}, {Name: "kid", Value: t.Header.Get("kid")}}
		t.Claims.Set("sub", subject)
		t.Claims.Set("exp", testca.Now.Add(lifetime).Unix())
		return t.Compact()
	}), nil
}

func (s *Setup) knownKey() *ecdsa.PublicKey {
	return s.clients[testca.P256].leaf.Key.Public().(*ecdsa.PublicKey)
}

func (s *Setup) issuerName() string {
	return s.clients[testca.P256].leaf.Cert.URIs[0].String()
}

func (s *Setup) golangJWT() func(raw string) error {
	key := s.knownKey()
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(audience), jwt.WithIssuer(s.issuerName()),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	return func(raw string) error {
		var claims jwt.RegisteredClaims
		_, err := parser.ParseWithClaims(raw, &claims, func(*jwt.Token) (any, error) { return key, nil })
		return err
	}
}

var es256 = []jose.SignatureAlgorithm{jose.ES256}

func (s *Setup) goJOSE() func(raw string) error {
	key, name := s.knownKey(), s.issuerName()
	return func(raw string) error {
		token, err := josejwt.ParseSigned(raw, es256)
		if err != nil {
			return err
		}
		var claims josejwt.Claims
		if err := token.Claims(key, &claims); err != nil {
			return err
		}
		return claims.Validate(josejwt.Expected{Issuer: name, AnyAudience: josejwt.Audience{audience}, Time: s.now()})
	}
}

func (s *Setup) jwx() func(raw string) error {
	options := []jwxjwt.ParseOption{
		jwxjwt.WithKey(jwa.ES256(), s.knownKey()), jwxjwt.WithAudience(audience), jwxjwt.WithIssuer(s.issuerName()),
		jwxjwt.WithRequiredClaim(jwxjwt.ExpirationKey), jwxjwt.WithClock(jwxjwt.ClockFunc(func() time.Time { return s.now() })),
	}
	return func(raw string) error {
		_, err := jwxjwt.ParseString(raw, options...)
		return err
	}
}
