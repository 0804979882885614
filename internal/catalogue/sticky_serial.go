// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/ecdsa"
	"crypto/x509"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// sameSerialCases returns the cases for which certificates share a revocation:
// those of one issuer, by name and key, with one serial number.
func sameSerialCases() []Case {
	const is = stapled.CertificateRevoked
	good := goodAt(-30 * time.Second)
	// numbered gives a certificate a serial number that only one case uses.
	numbered := func(n int64) testca.Edit {
		return func(t *testca.Template) { t.SerialNumber = big.NewInt(0x5e71a1<<32 | n) }
	}
	// of makes the usual client, with edits, of an intermediate.
	of := func(issuer func(*Maker) *testca.Party, edits ...testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party { return m.newLeaf(issuer(m), edits...) }
	}
	ca := func(m *Maker) *testca.Party { return m.ca }
	cross := func(m *Maker) *testca.Party { return m.newCA(m.root) }
	foreign := func(m *Maker) *testca.Party { return m.newCA(m.stranger) }
	// then revokes the certificate of the case, and presents another.
	then := func(name, comment string, n int64, anchors []string, leaf func(*Maker) *testca.Party, want stapled.Reason) Case {
		return Case{name: name, rules: "6.10", leaf: of(ca, numbered(n)), anchors: anchors, steps: []Case{
			{staples: oneStaple(revoked), want: is},
			{comment: comment, leaf: leaf, staples: good, want: want},
		}}
	}
	both := []string{"root", "stranger"}
	shared := asRow("S34", []Case{
		then("revocation_of_a_certificate_that_is_issued_again", "The same issuer and serial number, another key.", 1, nil,
			func(m *Maker) *testca.Party {
				return m.newLeaf(m.ca, numbered(1), testca.WithKey(m.ring.key(testca.P384, "client")))
			}, is),
		similar(then("revocation_below_a_cross-signed_issuer", "The same issuer's name and key, certified once more by the root.", 2, nil, of(cross, numbered(2)), is)),
		then("revocation_below_an_issuer_of_two_roots", "The same issuer's name and key, certified by another root.", 3, both, of(foreign, numbered(3)), is),
	})
	return append(shared,
		then("same_serial_of_another_issuer", "", 4, nil, of(func(m *Maker) *testca.Party { return m.sibling }, numbered(4)), ""),
		then("same_serial_of_a_namesake_of_the_issuer", "The issuer's name, and another key.", 5, nil,
			of(func(m *Maker) *testca.Party {
				return m.newCA(m.root, testca.WithKey(m.ring.key(testca.P256, "namesake")))
			}, numbered(5)), ""),
		similar(then("same_serial_under_another_name_of_the_issuer", "The issuer's key, and another name.", 6, nil,
			of(func(m *Maker) *testca.Party {
				return m.newCA(m.root, testca.Named("Renamed"), testca.WithKey(m.ca.Key))
			}, numbered(6)), "")),
		Case{name: "revocation_of_an_intermediate_that_another_root_certified_too", rules: "6.10", anchors: both, leaf: of(foreign), steps: []Case{
			{staples: withIntermediate(revoked), want: is},
			{comment: "The other certificate of the same name and key has another issuer.", leaf: of(ca), staples: oneStaple()},
			withoutCA(is),
		}},
		Case{name: "revocation_of_a_certificate_with_another_signature", rules: "6.10", leaf: client(), steps: []Case{
			{staples: oneStaple(revoked), want: is},
			{comment: "What the issuer signed is the same; anybody can make a second signature of a first one.", staples: good, want: is,
				edit: func(m *Maker, t *testca.Token) {
					list := t.Header.Get("x5c").([]string)
					leaf := mauled(&testca.Party{Cert: testca.MustParse(unstandard(list[0])), Issuer: m.ca})
					chain(func(*Maker) []*x509.Certificate { return []*x509.Certificate{leaf.Cert, m.ca.Cert} })(m, t)
				}},
		}},
	)
}

// mauled returns a party whose certificate has another valid signature by the
// same ECDSA key: if S is valid, the order minus S is valid too.
func mauled(p *testca.Party) *testca.Party {
	input := cryptobyte.String(p.Cert.Raw)
	var tbs, identifier cryptobyte.String
	if !input.ReadASN1(&input, cbasn1.SEQUENCE) || !input.ReadASN1Element(&tbs, cbasn1.SEQUENCE) || !input.ReadASN1Element(&identifier, cbasn1.SEQUENCE) {
		panic("a certificate that was just made is malformed")
	}
	r, s := integersOf(p.Cert.Signature)
	s.Sub(p.Issuer.Key.(*ecdsa.PrivateKey).Params().N, s)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(identifier)
		var signature cryptobyte.Builder
		signature.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(r)
			b.AddASN1BigInt(s)
		})
		b.AddASN1BitString(signature.BytesOrPanic())
	})
	return withCert(p, b.BytesOrPanic())
}
