// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// forReason makes the answer say revoked for a reason; a negative one is left
// out.
func forReason(reason int) func(*testca.Response) {
	return func(r *testca.Response) { r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, reason }
}

// finalCases returns the cases for revocations that nothing lifts.
func finalCases() []Case {
	minute := time.Minute
	const is = stapled.CertificateRevoked
	var cases []Case
	for _, reason := range []int{-1, 0, 1, 2, 3, 4, 5, 9, 10} {
		suffix := fmt.Sprintf("_for_reason_%d", reason)
		if reason < 0 {
			suffix = "_without_a_reason"
		}
		leaf := oneStaple(forReason(reason), window(-2*minute, 9*minute))
		ca := withIntermediate(forReason(reason), window(-2*minute, 9*minute))
		cases = append(cases,
			Case{name: "newer_good_after_revoked" + suffix, leaf: client(), steps: []Case{
				{staples: leaf, want: is},
				{comment: "A replica that lags, or a restored backup.", staples: goodAt(-minute), want: is},
			}},
			Case{name: "newer_good_after_revoked_intermediate" + suffix, leaf: below(), unpublished: reason != 1, steps: []Case{
				{staples: ca, want: is}, withoutCA(is), goodCA(-minute, is), withoutCA(is),
			}})
	}
	cases = append(cases,
		Case{name: "good_before_and_after_revoked", leaf: client(), steps: []Case{
			{staples: goodAt(-minute)},
			{staples: oneStaple(revoked, window(-2*minute, 9*minute)), want: is},
			{comment: "The very token that was accepted.", staples: goodAt(-minute), want: is},
			{comment: "Its header, with other claims.", staples: goodAt(-minute), edit: claim("jti", "second"), want: is},
			{comment: "An older one.", staples: goodAt(-3 * minute), want: is},
		}},
		Case{name: "good_before_and_after_revoked_intermediate", leaf: below(), steps: []Case{
			goodCA(-minute, ""), withoutCA(""), {staples: withIntermediate(revoked, window(-2*minute, 9*minute)), want: is},
			withoutCA(is), goodCA(-minute, is), goodCA(-3*minute, is), goodCA(-30*time.Second, is),
		}},
		Case{name: "newer_good_after_revoked_intermediate_where_the_chain_needs_staples", unpublished: true, policy: wholeChain, leaf: below(), steps: []Case{
			goodCA(-minute, ""), {staples: withIntermediate(revoked), want: is}, goodCA(-minute, is), goodCA(0, is),
		}},
		Case{name: "revoked_between_two_holds", unpublished: true, leaf: client(), steps: []Case{
			{staples: heldAt(-3 * minute), want: is},
			{staples: oneStaple(revoked, window(-4*minute, 9*minute)), want: is},
			{comment: "The hold is newer, and lifted by this one. The revocation is not.", staples: goodAt(-minute), want: is},
			{staples: heldAt(-2 * minute), want: is},
			{staples: goodAt(-minute), want: is},
		}},
		Case{name: "unknown_after_revoked", leaf: client(), rules: "6.10 6.11", steps: []Case{
			{staples: oneStaple(revoked), want: is},
			{comment: "Rule 6.10 comes first.", want: is, staples: oneStaple(single(func(s *testca.Single) { s.Status = testca.Unknown }))},
		}},
		Case{name: "stale_good_after_revoked", unpublished: true, leaf: client(), rules: "6.10 6.13", steps: []Case{
			{staples: oneStaple(revoked), want: is},
			{comment: "Rule 6.10 comes first.", want: is, staples: oneStaple(window(-2*minute, -time.Second))},
		}},
		Case{name: "revoked_by_a_delegate_and_good_by_the_issuer", leaf: client(), steps: []Case{
			{staples: by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca) }, revoked), want: is}, {staples: goodAt(-30 * time.Second), want: is},
		}},
	)
	return asRow("S34", cases)
}

// asRow gives cases a row, and rule 6.10 where they name none.
func asRow(row string, cases []Case) []Case {
	for i := range cases {
		cases[i].row = row
		if cases[i].rules == "" {
			cases[i].rules = "6.10"
		}
	}
	return cases
}

// finalEndCases returns the cases for how long a final revocation counts: neither
// its own end nor its beginning is a reason to ignore it.
func finalEndCases() []Case {
	second, minute, hour := time.Second, time.Minute, time.Hour
	const is = stapled.CertificateRevoked
	strict := func(p *Policy) { p.MaxStapleAge = 60 }
	at := func(at, this time.Duration, want stapled.Reason) Case {
		c := Case{at: at, staples: oneStaple(window(this, 9*minute)), want: want}
		if want == "" {
			c.freshUntil = until(this + minute)
		}
		return c
	}
	first := func(comment string, edits ...func(*testca.Response)) Case {
		return Case{comment: comment, want: is, staples: oneStaple(append([]func(*testca.Response){revoked}, edits...)...)}
	}
	return asRow("S34", []Case{
		{name: "good_after_revoked_by_a_staple_that_had_ended", leaf: client(), steps: []Case{
			first("Its nextUpdate has passed.", window(-8*minute, -second)), at(0, -minute, is),
		}},
		{name: "good_after_revoked_by_a_staple_of_yesterday", unpublished: true, leaf: client(), steps: []Case{
			first("Far above the greatest age.", window(-25*hour, -24*hour)), at(0, -minute, is),
		}},
		{name: "good_after_revoked_by_a_staple_from_the_future", leaf: client(), steps: []Case{
			first("Its thisUpdate is beyond the leeway.", window(5*minute, 9*minute)), at(0, -minute, is), at(3*minute, 2*minute, is),
		}},
		{name: "good_after_revoked_by_a_staple_of_next_year", leaf: client(), policy: strict, steps: []Case{
			first("As far as it goes, thisUpdate counts up to the leeway.", window(365*24*hour, 366*24*hour)),
			at(3*minute, 3*minute, is), at(3*minute+second, 3*minute, ""),
		}},
		{name: "good_until_and_after_twice_the_greatest_age_since_revoked", leaf: client(), policy: strict, steps: []Case{
			first("Seen now, from a minute ago."),
			at(2*minute, 2*minute, is), at(2*minute+second, 2*minute, ""),
		}},
		{name: "good_after_twice_the_greatest_age_since_revoked_was_first_seen", leaf: client(), policy: strict, steps: []Case{
			first(""), {at: minute, staples: oneStaple(revoked), want: is, comment: "Seen again."},
			at(3*minute, 3*minute, is), at(3*minute+second, 3*minute, ""),
		}},
		{name: "without_the_intermediates_staple_until_and_after_twice_the_greatest_age", unpublished: true, leaf: below(), policy: strict, steps: []Case{
			{staples: withIntermediate(revoked), want: is},
			at(2*minute, 2*minute, is), at(2*minute+second, 2*minute, ""),
		}},
	})
}

// extendedRevokeCases returns the cases for RFC 6960 §2.2: a responder may call
// revoked what it has never heard of.
func extendedRevokeCases() []Case {
	minute := time.Minute
	unborn := single(func(s *testca.Single) { s.RevokedAt = time.Unix(0, 0) })
	extension := []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 9}, Value: []byte{5, 0}}}
	extended := func(r *testca.Response) { r.Extensions = extension }
	teaches := func(name string, want stapled.Reason, edits ...func(*testca.Response)) Case {
		edits = append(edits, window(-2*minute, 9*minute))
		return Case{name: name, rules: "6.10", leaf: client(), steps: []Case{
			{comment: "The token itself is refused all the same.", staples: oneStaple(edits...), want: stapled.CertificateRevoked},
			{staples: goodAt(-3 * minute), want: want},
			{staples: goodAt(-minute), want: want},
		}}
	}
	final := asRow("S34", []Case{
		similar(teaches("revoked_a_second_after_1970", stapled.CertificateRevoked, revoked,
			single(func(s *testca.Single) { s.RevokedAt = time.Unix(1, 0) }))),
		similar(teaches("revoked_with_another_extension", stapled.CertificateRevoked, revoked,
			func(r *testca.Response) { r.Extensions = []testca.Extension{{ID: privateOID, Value: []byte{5, 0}}} })),
	})
	return append(final,
		teaches("extended_revoke", "", held, unborn, extended),
		similar(teaches("extended_revoke_without_the_extension", "", held, unborn)),
		similar(teaches("extended_revoke_with_another_time", "", held, extended)),
		similar(teaches("revoked_since_1970_for_good", "", forReason(1), unborn)),
		teaches("revoked_for_good_with_the_extension_of_extended_revoke", "", forReason(1), extended),
		Case{name: "extended_revoke_of_the_intermediate", rules: "6.10", leaf: below(), steps: []Case{
			{staples: withIntermediate(held, unborn, extended), want: stapled.CertificateRevoked}, withoutCA(""), goodCA(-3*minute, ""),
		}},
	)
}
