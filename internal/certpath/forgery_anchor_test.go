// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Chains whose every signature is right, and whose anchor or CA is not.
func TestForgeriesOfAnchors(t *testing.T) {
	anyPolicy := []byte{0x06, 4, 0x55, 0x1d, 0x20, 0}
	policy := []byte{0x06, 2, 0x2a, 3}
	mapped := func(from, to []byte) func(*presented) {
		pair := slices.Concat(from, to)
		return intermediate(func(c *testca.Template) {
			extra(32, append([]byte{0x30, 8, 0x30, 6}, anyPolicy...)...)(c)
			extra(33, slices.Concat([]byte{0x30, byte(len(pair) + 2), 0x30, byte(len(pair))}, pair)...)(c)
		})
	}
	for _, row := range []struct {
		name  string
		forge func(*presented)
	}{
		// The anchor's key has signed it, in the name of somebody else.
		{"T05_anchor_of_another_name", func(p *presented) {
			p.through(testca.New(testca.Named("Other"), testca.WithKey(p.root.Key)).Intermediate())
		}},
		// A certificate without extensions cannot say that it is a CA's, nor that
		// it is not.
		{"T05_intermediate_of_version_1", func(p *presented) { p.through(versionOne(p.root)) }},
		{"T05_policy_mapped_from_any", mapped(anyPolicy, policy)},
		{"T05_policy_mapped_to_any", mapped(policy, anyPolicy)},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPresented()
			row.forge(p)
			if _, err := p.verify(t); !errors.Is(err, stapled.ChainUntrusted) {
				t.Errorf("got %v, want %v", err, stapled.ChainUntrusted)
			}
		})
	}
}

// versionOne is an X.509 version 1 certificate, issued by a party whose key is
// of P-256.
func versionOne(issuer *testca.Party) *testca.Party {
	party := issuer.Intermediate(testca.Named("Version 1"))
	tbs := cryptobyte.String(party.Cert.RawTBSCertificate)
	if !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) {
		panic("a certificate that does not parse")
	}
	var signed cryptobyte.Builder
	var algorithm cryptobyte.String
	signed.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for i := range 6 { // up to subjectPublicKeyInfo
			var element cryptobyte.String
			var tag cbasn1.Tag
			if !tbs.ReadAnyASN1Element(&element, &tag) {
				panic("a certificate that does not parse")
			}
			if i == 1 {
				algorithm = element
			}
			b.AddBytes(element)
		}
	})
	data := signed.BytesOrPanic()
	digest := sha256.Sum256(data)
	signature, err := issuer.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	var whole cryptobyte.Builder
	whole.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(data)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	party.Cert = testca.MustParse(whole.BytesOrPanic())
	return party
}

// The certificate of version 1 is one that the library would let sign: what is
// refused above is not refused for another reason.
func TestVersionOneIsWhatItClaims(t *testing.T) {
	root := testca.New()
	party := versionOne(root)
	if party.Cert.Version != 1 || party.Cert.BasicConstraintsValid {
		t.Fatalf("version %d", party.Cert.Version)
	}
	for _, link := range []struct{ c, issuer *x509.Certificate }{{party.Cert, root.Cert}, {party.Leaf().Cert, party.Cert}} {
		if err := link.c.CheckSignatureFrom(link.issuer); err != nil {
			t.Error(err)
		}
	}
}
