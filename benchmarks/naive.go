// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto/x509"
	"encoding/base64"
	"errors"

	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/crypto/ocsp"
)

var errNaive = errors.New("no good and fresh staple")

// naive does what stapled does in the obvious way: go-jose parses the header
// and verifies the chain of x5c, x/crypto/ocsp verifies the staple, and go-jose
// the token. It remembers nothing, and omits what x/crypto/ocsp does not check:
// who may sign a staple.
func (s *Setup) naive() func(raw string) error {
	roots, name := x509.NewCertPool(), s.issuerName()
	for _, anchor := range s.anchors.Certificates() {
		roots.AddCert(anchor)
	}
	return func(raw string) error {
		now := s.now()
		token, err := josejwt.ParseSigned(raw, es256)
		if err != nil {
			return err
		}
		header := token.Headers[0]
		chains, err := header.Certificates(x509.VerifyOptions{
			Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		if err != nil {
			return err
		}
		leaf, issuer := chains[0][0], chains[0][1]
		staples, _ := header.ExtraHeaders["ocsp"].([]any)
		if len(staples) == 0 {
			return errNaive
		}
		encoded, _ := staples[0].(string)
		der, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return err
		}
		staple, err := ocsp.ParseResponseForCert(der, leaf, issuer)
		if err != nil {
			return err
		}
		if staple.Status != ocsp.Good || now.Before(staple.ThisUpdate) || now.After(staple.NextUpdate) {
			return errNaive
		}
		var claims josejwt.Claims
		if err := token.Claims(leaf.PublicKey, &claims); err != nil {
			return err
		}
		return claims.Validate(josejwt.Expected{Issuer: name, AnyAudience: josejwt.Audience{audience}, Time: now})
	}
}
