// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/ecdsa"
	"crypto/x509"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// revokedAt and goodAt make the responder's answers at a time, valid for nine
// minutes from testca.Now.
func revokedAt(this time.Duration) func(*Maker, *testca.Party) [][]byte {
	return oneStaple(revoked, window(this, 9*time.Minute))
}

func goodAt(this time.Duration) func(*Maker, *testca.Party) [][]byte {
	return oneStaple(window(this, 9*time.Minute))
}

// stickyCases returns the cases for rule 6.10: sequences on one verifier.
func stickyCases() []Case {
	minute := time.Minute
	const is = stapled.CertificateRevoked
	return []Case{
		{name: "older_good_after_revoked", rules: "6.10", leaf: client(), steps: []Case{
			{comment: "Nothing is known yet.", staples: goodAt(-3 * minute)},
			{comment: "An authentic staple says revoked.", staples: revokedAt(-2 * minute), want: is},
			{comment: "The first staple is fresh still, and older.", staples: goodAt(-3 * minute), want: is},
			{comment: "A good staple as old as the revoked one is not newer.", staples: goodAt(-2 * minute), want: is},
			{comment: "A newer one: the CA has lifted a certificateHold.", staples: goodAt(-minute)},
			{comment: "The revoked one is authentic and says what it says.", staples: revokedAt(-2 * minute), want: is},
			{comment: "The newer good one stays newer.", staples: goodAt(-minute)},
		}},
		{name: "good_after_an_older_revoked_and_a_newer_one", rules: "6.10", leaf: client(), steps: []Case{
			{staples: revokedAt(-2 * minute), want: is},
			{staples: revokedAt(-4 * minute), want: is},
			{comment: "The newest revoked one counts, in whatever order they came.", staples: goodAt(-3 * minute), want: is},
		}},
		{name: "revocation_of_another_certificate", rules: "6.10", leaf: client(), steps: []Case{
			{staples: revokedAt(-2 * minute), want: is},
			{comment: "The same name and key, another certificate.", leaf: client(), staples: goodAt(-3 * minute)},
		}},
		{name: "revocation_that_is_not_authentic", rules: "6.8 6.10", leaf: client(), steps: []Case{
			{comment: "Anybody could say so.", want: stapled.StapleUntrusted, staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, testca.SignedBy(m.sibling), revoked)
			})},
			{staples: goodAt(-3 * minute)},
		}},
		{name: "revocation_of_the_intermediate", rules: "6.10", policy: wholeChain, leaf: below(), steps: []Case{
			{staples: withIntermediate(revoked, window(-2*minute, 9*minute)), want: is},
			{comment: "An older good staple for the intermediate.", staples: withIntermediate(window(-3*minute, 9*minute)), want: is},
			{staples: withIntermediate(window(-minute, 9*minute))},
		}},
		{name: "revocation_of_the_intermediate_whose_staple_is_left_out", rules: "6.10", leaf: below(), steps: []Case{
			{comment: "No staple is needed for the intermediate.", staples: oneStaple()},
			{comment: "This one says revoked, for a minute.", staples: withIntermediate(revoked, window(-2*minute, minute)), want: is},
			{comment: "To leave it out does not help.", staples: oneStaple(), want: is},
			{comment: "At its nextUpdate.", at: minute, staples: oneStaple(), want: is},
			{comment: "It is fresh no more.", at: minute + time.Second, staples: oneStaple()},
		}},
		{name: "revocation_of_the_intermediate_that_is_lifted", rules: "6.10", leaf: below(), steps: []Case{
			{staples: withIntermediate(revoked, window(-2*minute, 9*minute)), want: is},
			{comment: "A newer one: the CA has lifted a certificateHold.", staples: withIntermediate(window(-minute, 9*minute))},
			{comment: "Without a staple for the intermediate.", staples: oneStaple()},
			{comment: "The revoked one again.", staples: withIntermediate(revoked, window(-2*minute, 9*minute)), want: is},
			{comment: "It is known to be lifted.", staples: oneStaple()},
		}},
		{name: "revocation_with_other_tokens_of_the_same_header", rules: "6.10", leaf: client(), steps: []Case{
			{staples: goodAt(-3 * minute)},
			{comment: "The same header again, with other claims.", staples: goodAt(-3 * minute), edit: claim("jti", "second")},
			{staples: revokedAt(-2 * minute), want: is},
			{comment: "The very token that was accepted at first.", staples: goodAt(-3 * minute), want: is},
			{comment: "Its header, with other claims.", staples: goodAt(-3 * minute), edit: claim("jti", "third"), want: is},
		}},
		{name: "older_good_after_revoked_by_one_second", rules: "6.10", leaf: client(), steps: []Case{
			{staples: revokedAt(-2 * minute), want: is},
			{staples: goodAt(-2*minute - time.Second), want: is},
			{comment: "And one that is newer by a second.", staples: goodAt(-2*minute + time.Second)},
			{comment: "The older one again.", staples: goodAt(-2*minute - time.Second), want: is},
		}},
		{name: "revoked_twice_the_newer_last", rules: "6.10", leaf: client(), steps: []Case{
			{staples: revokedAt(-4 * minute), want: is},
			{staples: revokedAt(-2 * minute), want: is},
			{staples: goodAt(-3 * minute), want: is},
		}},
		{name: "revocation_of_a_certificate_with_another_signature", rules: "6.10", leaf: client(), steps: []Case{
			{staples: revokedAt(-2 * minute), want: is},
			{comment: "What the issuer signed is the same; anybody can make a second signature of a first one.", staples: goodAt(-3 * minute), want: is,
				edit: func(m *Maker, t *testca.Token) {
					list := t.Header.Get("x5c").([]string)
					leaf := mauled(&testca.Party{Cert: testca.MustParse(unstandard(list[0])), Issuer: m.ca})
					chain(func(*Maker) []*x509.Certificate { return []*x509.Certificate{leaf.Cert, m.ca.Cert} })(m, t)
				}},
		}},
		{name: "unknown_is_not_a_revocation", rules: "6.10 6.11", leaf: client(), steps: []Case{
			{staples: oneStaple(single(func(s *testca.Single) { s.Status = testca.Unknown }), window(-2*minute, 9*minute)), want: stapled.StapleUnknown},
			{staples: goodAt(-3 * minute)},
		}},
		{name: "revocation_that_the_leaf_signed", rules: "6.8 6.10", leaf: client(), steps: []Case{
			{want: stapled.StapleUntrusted, staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, testca.SignedBy(leaf, leaf.Cert), revoked)
			})},
			{staples: goodAt(-3 * minute)},
		}},
		{name: "revocation_of_another_certificate_in_the_place_of_the_leafs", rules: "6.6 6.10", leaf: client(), steps: []Case{
			{want: stapled.StapleMismatch, staples: stapleFor(func(m *Maker, _ *testca.Party) []byte { return m.staple(m.client, revoked) })},
			{staples: goodAt(-3 * minute)},
			{comment: "The other certificate.", leaf: func(m *Maker) *testca.Party { return m.client }},
		}},
	}
}

// stickyIntermediateCases returns the cases for rule 6.10 and the certificate
// of a CA.
func stickyIntermediateCases() []Case {
	minute := time.Minute
	const is = stapled.CertificateRevoked
	revokedCA := Case{staples: withIntermediate(revoked, window(-3*minute, 9*minute)), want: is}
	goodCA := func(this time.Duration, want stapled.Reason) Case {
		return Case{staples: withIntermediate(window(this, 9*minute)), want: want}
	}
	without := func(want stapled.Reason) Case { return Case{staples: oneStaple(), want: want} }
	// The leaves of the other steps are below the intermediate of the case.
	another := func(want stapled.Reason) Case {
		return Case{leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.root)) }, staples: oneStaple(), want: want,
			comment: "A leaf of another intermediate of the same name and key."}
	}
	cases := []Case{
		{name: "intermediate_revoked_after_a_token_without_its_staple", steps: []Case{without(""), revokedCA, without(is)}},
		{name: "intermediate_revoked_and_an_older_good_one_of_it", steps: []Case{revokedCA, goodCA(-5*minute, is), without(is)}},
		{name: "intermediate_revoked_and_a_good_one_from_the_future", rules: "6.10 6.12", steps: []Case{
			revokedCA, {staples: withIntermediate(window(8*minute, 9*minute)), want: stapled.StapleNotYetValid}, without(is),
		}},
		{name: "intermediate_revoked_and_a_newer_good_one_of_it", steps: []Case{revokedCA, goodCA(-minute, ""), without(""), revokedCA, without("")}},
		{name: "intermediate_revoked_by_a_staple_that_has_ended", steps: []Case{
			{staples: withIntermediate(revoked, window(-3*minute, -time.Second)), want: is}, without(""),
		}},
		{name: "another_intermediate_revoked", steps: []Case{revokedCA, another("")}},
	}
	for i := range cases {
		cases[i].leaf = below()
		if cases[i].rules == "" {
			cases[i].rules = "6.10"
		}
	}
	return cases
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
