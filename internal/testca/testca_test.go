// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto/x509"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/crypto/ocsp"
)

// What the CA makes without edits must be valid in the eyes of others;
// otherwise a forgery could be refused for the wrong reason.
func TestUneditedIsValid(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			root := New(Keyed(kind))
			intermediate := root.Intermediate(Keyed(kind))
			leaf := intermediate.Leaf(Keyed(kind))

			roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
			roots.AddCert(root.Cert)
			intermediates.AddCert(intermediate.Cert)
			_, err := leaf.Cert.Verify(x509.VerifyOptions{
				Roots: roots, Intermediates: intermediates, CurrentTime: Now,
				KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
			})
			if err != nil {
				t.Error(err)
			}

			delegate := intermediate.Delegate()
			for _, der := range [][]byte{leaf.Staple(), leaf.Staple(SignedBy(delegate, delegate.Cert))} {
				// x/crypto/ocsp does not know Ed25519.
				if kind == Ed25519 {
					continue
				}
				r, err := ocsp.ParseResponseForCert(der, leaf.Cert, intermediate.Cert)
				if err != nil || r.Status != ocsp.Good {
					t.Errorf("response %+v, %v", r, err)
				}
			}

			alg := jose.SignatureAlgorithm(JWSAlgorithm(leaf.Key))
			parsed, err := jwt.ParseSigned(leaf.Token(), []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			var claims jwt.Claims
			if err := parsed.Claims(leaf.Key.Public(), &claims); err != nil {
				t.Error(err)
			}
			if claims.Issuer != "spiffe://test.example/client" || claims.ValidateWithLeeway(jwt.Expected{Time: Now}, 0) != nil {
				t.Errorf("claims %+v", claims)
			}
		})
	}
}
