// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto"
	"crypto/rand"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
)

// BenchmarkSign compares Sign with the signature alone. Sign must stay within
// 1.20 times of it.
func BenchmarkSign(b *testing.B) {
	for _, kind := range testca.Kinds() {
		leaf := newParty(kind)
		b.Run(string(kind)+"/raw", func(b *testing.B) {
			digest, options := make([]byte, 32), crypto.SignerOpts(crypto.SHA256)
			if kind == testca.Ed25519 {
				digest, options = make([]byte, 5000), crypto.Hash(0)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := leaf.Key.Sign(rand.Reader, digest, options); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(kind)+"/token", func(b *testing.B) {
			iss := newIssuer(b, leaf, fixed(b, leaf))
			claims := issuer.Claims{Audience: []string{"orders"}, Subject: "alice"}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := iss.Sign(b.Context(), claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
