// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stickyCases returns the cases for rule 6.10: sequences on one verifier.
func stickyCases() []Case {
	return slices.Concat(holdCases(), notSeenCases(), holdOfCACases(), finalCases(), finalEndCases(), extendedRevokeCases(), sameSerialCases())
}

// held makes the answer a certificateHold, which a newer good one lifts.
func held(r *testca.Response) { r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, 6 }

// heldAt and goodAt make the responder's answers at a time, valid for nine
// minutes from testca.Now.
func heldAt(this time.Duration) func(*Maker, *testca.Party) [][]byte {
	return oneStaple(held, window(this, 9*time.Minute))
}

func goodAt(this time.Duration) func(*Maker, *testca.Party) [][]byte {
	return oneStaple(window(this, 9*time.Minute))
}

// similar keeps a case out of the vectors, which have one like it.
func similar(c Case) Case {
	c.unpublished = true
	return c
}

// holdCases returns the cases for a leaf on hold: the token's own staple has to
// be newer.
func holdCases() []Case {
	minute := time.Minute
	const is = stapled.CertificateRevoked
	cases := []Case{
		{name: "older_good_after_a_hold", steps: []Case{
			{comment: "Nothing is known yet.", staples: goodAt(-3 * minute)},
			{comment: "An authentic staple says revoked, on hold.", staples: heldAt(-2 * minute), want: is},
			{comment: "The first staple is fresh still, and older.", staples: goodAt(-3 * minute), want: is},
			{comment: "A good staple as old as the revoked one is not newer.", staples: goodAt(-2 * minute), want: is},
			{comment: "A newer one: the CA has lifted the hold.", staples: goodAt(-minute)},
			{comment: "The revoked one is authentic and says what it says.", staples: heldAt(-2 * minute), want: is},
			{comment: "The newer good one stays newer.", staples: goodAt(-minute)},
			{comment: "And the older one older.", staples: goodAt(-3 * minute), want: is},
		}},
		{name: "hold_after_a_newer_good", row: "S35", steps: []Case{
			{staples: goodAt(-minute)},
			{comment: "An older hold.", staples: heldAt(-2 * minute), want: is},
			{comment: "The order in which they came does not matter.", staples: goodAt(-minute)},
			{staples: goodAt(-3 * minute), want: is},
		}},
		{name: "good_after_an_older_hold_and_a_newer_one", steps: []Case{
			{staples: heldAt(-2 * minute), want: is},
			{staples: heldAt(-4 * minute), want: is},
			{comment: "The newest hold counts, in whatever order they came.", staples: goodAt(-3 * minute), want: is},
		}},
		{name: "held_twice_the_newer_last", unpublished: true, steps: []Case{
			{staples: heldAt(-4 * minute), want: is},
			{staples: heldAt(-2 * minute), want: is},
			{staples: goodAt(-3 * minute), want: is},
		}},
		{name: "hold_by_removeFromCRL", steps: []Case{
			{comment: "It is the reason for which a hold ends, and none for a final revocation.", want: is,
				staples: oneStaple(held, single(func(s *testca.Single) { s.Reason = 8 }), window(-2*minute, 9*minute))},
			{staples: goodAt(-3 * minute), want: is},
			{staples: goodAt(-minute)},
		}},
		{name: "hold_with_other_tokens_of_the_same_header", unpublished: true, steps: []Case{
			{staples: goodAt(-3 * minute)},
			{comment: "The same header again, with other claims.", staples: goodAt(-3 * minute), edit: claim("jti", "second")},
			{staples: heldAt(-2 * minute), want: is},
			{comment: "The very token that was accepted at first.", staples: goodAt(-3 * minute), want: is},
			{comment: "Its header, with other claims.", staples: goodAt(-3 * minute), edit: claim("jti", "third"), want: is},
		}},
		{name: "older_good_after_a_hold_by_one_second", steps: []Case{
			{staples: heldAt(-2 * minute), want: is},
			{staples: goodAt(-2*minute - time.Second), want: is},
			{comment: "And one that is newer by a second.", staples: goodAt(-2*minute + time.Second)},
			{comment: "The older one again.", staples: goodAt(-2*minute - time.Second), want: is},
		}},
		{name: "hold_that_has_ended_after_it_was_seen", steps: []Case{
			{staples: oneStaple(held, window(-2*minute, minute)), want: is},
			{comment: "It is no longer fresh, and still newer than this one.", at: 2 * minute, staples: goodAt(-3 * minute), want: is},
			{at: 2 * minute, staples: goodAt(-minute)},
		}},
		{name: "unknown_after_a_hold", rules: "6.10 6.11", row: "S25", steps: []Case{
			{staples: heldAt(-2 * minute), want: is},
			{comment: "It is refused for what it says.", want: stapled.StapleUnknown,
				staples: oneStaple(single(func(s *testca.Single) { s.Status = testca.Unknown }), window(-3*minute, 9*minute))},
		}},
		{name: "hold_at_the_end_of_the_leeway", steps: []Case{
			{comment: "From a minute ahead, which is fresh.", staples: heldAt(minute), want: is},
			{staples: goodAt(-minute), want: is},
			{at: 2 * minute, staples: goodAt(minute + time.Second)},
		}},
		{name: "hold_of_another_certificate", unpublished: true, steps: []Case{
			{staples: heldAt(-2 * minute), want: is},
			{comment: "The same name and key, another serial number.", leaf: client(), staples: goodAt(-3 * minute)},
		}},
	}
	for i := range cases {
		cases[i].leaf = client()
		if cases[i].rules == "" {
			cases[i].rules = "6.10"
		}
	}
	return cases
}

// notSeenCases returns revocations that a verifier must not learn: they are not
// authentic, not about the certificate, not fresh, or nobody signed the token.
func notSeenCases() []Case {
	minute := time.Minute
	const is, untrusted = stapled.CertificateRevoked, stapled.StapleUntrusted
	// after is a refused token, after which a good staple, older than most, counts.
	after := func(name, rules, comment string, want stapled.Reason, first Case) Case {
		first.comment, first.want = comment, want
		return Case{name: name, rules: rules, leaf: client(), steps: []Case{first, {staples: goodAt(-6 * minute)}}}
	}
	beyond := minute + time.Second
	return []Case{
		after("revocation_that_is_not_authentic", "6.8 6.10", "Anybody could say so.", untrusted,
			Case{staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte { return m.staple(leaf, testca.SignedBy(m.sibling), revoked) })}),
		similar(after("revocation_that_the_leaf_signed", "6.8 6.10", "", untrusted,
			Case{staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, testca.SignedBy(leaf, leaf.Cert), revoked)
			})})),
		after("revocation_in_a_token_that_another_key_signed", "5.1 6.10", "Only the holder of the key makes a verifier remember.", stapled.SignatureInvalid,
			Case{staples: oneStaple(revoked), edit: signedBy(testca.P256, "other", "ES256")}),
		similar(after("revocation_behind_a_staple_that_is_not_well-formed", "6.3 6.10", "The first fault ends it.", stapled.StapleMalformed,
			Case{staples: withIntermediate(revoked), edit: ocsp(0, text("MAA="))})),
		after("unknown_is_not_a_revocation", "6.10 6.11", "", stapled.StapleUnknown,
			Case{staples: oneStaple(single(func(s *testca.Single) { s.Status = testca.Unknown }))}),
		after("hold_that_is_stale", "6.10", "A hold teaches only while it is fresh.", is,
			Case{staples: oneStaple(held, window(-5*minute, -time.Second))}),
		similar(after("hold_above_the_greatest_age", "6.10", "", is,
			Case{staples: oneStaple(held, window(-61*minute, 9*minute))})),
		after("hold_from_the_future", "6.10", "", is,
			Case{staples: oneStaple(held, window(beyond, 9*minute))}),
		similar(after("hold_produced_in_the_future", "6.10", "", is,
			Case{staples: oneStaple(held, func(r *testca.Response) { r.ProducedAt = testca.Now.Add(beyond) })})),
		{name: "revocation_of_another_certificate_in_the_place_of_the_leafs", rules: "6.6 6.10", leaf: client(), steps: []Case{
			{want: stapled.StapleMismatch, staples: stapleFor(func(m *Maker, _ *testca.Party) []byte { return m.staple(m.client, revoked) })},
			{staples: goodAt(-3 * minute)},
			{comment: "The other certificate.", leaf: func(m *Maker) *testca.Party { return m.client }},
		}},
		{name: "revocation_before_a_staple_that_is_not_well-formed", rules: "6.3 6.10", leaf: client(), steps: []Case{
			{staples: withIntermediate(), edit: edits(ocsp(1, text("MAA="))), want: stapled.StapleMalformed},
			{comment: "The leaf's own staple says revoked.", want: stapled.StapleMalformed, edit: ocsp(1, text("MAA=")),
				staples: func(m *Maker, leaf *testca.Party) [][]byte {
					return [][]byte{m.staple(leaf, revoked), m.staple(leaf.Issuer)}
				}},
			{comment: "It was authentic.", staples: goodAt(-minute), want: is},
		}},
	}
}
