// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stapleStatusCases returns the cases for rules 6.10 to 6.14. Every revoked
// certificate belongs to one case, so that what a verifier remembers of one
// case does not decide another.
func stapleStatusCases() []Case {
	return slices.Concat(stickyCases(), statusCases(), freshnessCases())
}

func statusCases() []Case {
	cases := []Case{
		{name: "revoked_without_a_reason", rules: "6.11", staples: oneStaple(revoked)},
		{name: "revoked_in_the_future", rules: "6.11",
			staples: oneStaple(revoked, single(func(s *testca.Single) { s.RevokedAt = testca.Now.AddDate(1, 0, 0) }))},
		{name: "revoked_by_a_delegate", rules: "6.11", staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert), revoked)
		})},
		{name: "revoked_and_stale", rules: "6.11 6.13", staples: oneStaple(revoked, window(-time.Hour, -time.Minute))},
		{name: "intermediate_revoked", rules: "6.11", policy: wholeChain, leaf: below(), staples: withIntermediate(revoked)},
		{name: "intermediate_revoked_where_only_the_leaf_needs_a_staple", rules: "6.1 6.11", leaf: below(), staples: withIntermediate(revoked),
			comment: "A staple that is not needed is checked all the same."},
		{name: "leaf_revoked_where_the_chain_needs_staples", rules: "6.11", policy: wholeChain, staples: func(m *Maker, leaf *testca.Party) [][]byte {
			return [][]byte{m.staple(leaf, revoked), m.staple(m.ca)}
		}},
	}
	for _, reason := range []int{0, 1, 2, 3, 4, 5, 6, 8, 9, 10} {
		cases = append(cases, Case{name: fmt.Sprintf("revoked_for_reason_%d", reason), rules: "6.11",
			staples: oneStaple(revoked, single(func(s *testca.Single) { s.Reason = reason }))})
	}
	for i := range cases {
		cases[i].want = stapled.CertificateRevoked
		if cases[i].leaf == nil {
			cases[i].leaf = client()
		}
	}
	unknown := single(func(s *testca.Single) { s.Status = testca.Unknown })
	return append(cases,
		Case{row: "S25", name: "status_unknown", rules: "6.11", staples: oneStaple(unknown), want: stapled.StapleUnknown},
		Case{row: "S25", name: "status_unknown_and_stale", rules: "6.11 6.13", staples: oneStaple(unknown, window(-time.Hour, -time.Minute)), want: stapled.StapleUnknown},
		Case{row: "S25", name: "intermediate_unknown", rules: "6.11", policy: wholeChain, staples: withIntermediate(unknown), want: stapled.StapleUnknown},
	)
}

// withIntermediate makes a good staple for the leaf and an edited one for the
// intermediate.
func withIntermediate(edits ...func(*testca.Response)) func(*Maker, *testca.Party) [][]byte {
	return func(m *Maker, leaf *testca.Party) [][]byte {
		return [][]byte{m.staple(leaf), m.staple(leaf.Issuer, edits...)}
	}
}

func freshnessCases() []Case {
	second, minute, hour := time.Second, time.Minute, time.Hour
	producedAt := func(since time.Duration) func(*testca.Response) {
		return func(r *testca.Response) { r.ProducedAt = testca.Now.Add(since) }
	}
	leeway := func(seconds int) func(*Policy) { return func(p *Policy) { p.Leeway = seconds } }
	age := func(seconds int) func(*Policy) { return func(p *Policy) { p.MaxStapleAge = seconds } }
	const early, stale = stapled.StapleNotYetValid, stapled.StapleStale
	return []Case{
		{name: "thisUpdate_at_the_end_of_the_leeway", rules: "6.12", staples: oneStaple(window(minute, 10*minute))},
		{name: "thisUpdate_beyond_the_leeway", rules: "6.12", staples: oneStaple(window(minute+second, 10*minute)), want: early},
		{name: "thisUpdate_half_a_second_beyond_the_leeway", rules: "6.12", at: -second / 2, edit: times(-minute, -minute, lifetime),
			staples: oneStaple(window(minute, 10*minute)), want: early},
		{name: "thisUpdate_at_the_end_of_a_short_leeway", rules: "6.12", policy: leeway(5), staples: oneStaple(window(5*second, 10*minute))},
		{name: "thisUpdate_beyond_a_short_leeway", rules: "6.12", policy: leeway(5), staples: oneStaple(window(6*second, 10*minute)), want: early},
		{name: "thisUpdate_within_a_long_leeway", rules: "6.12", policy: leeway(300), staples: oneStaple(window(5*minute, 10*minute))},
		{name: "thisUpdate_beyond_the_leeway_and_producedAt_within_it", rules: "6.12", want: early,
			staples: oneStaple(window(minute+second, 10*minute), producedBefore(59*second))},
		{name: "producedAt_at_the_end_of_the_leeway", rules: "6.12", staples: oneStaple(producedAt(minute))},
		{row: "S20", name: "producedAt_beyond_the_leeway", rules: "6.12", staples: oneStaple(producedAt(minute + second)), want: early},
		{name: "intermediates_thisUpdate_beyond_the_leeway", rules: "6.12", policy: wholeChain, staples: withIntermediate(window(2*minute, 10*minute)), want: early},
		{name: "at_nextUpdate", rules: "6.13", staples: oneStaple(window(-hour, 0)), freshUntil: until(0)},
		{name: "after_nextUpdate", rules: "6.13", staples: oneStaple(window(-hour, -second)), want: stale,
			comment: "The leeway does not stretch nextUpdate."},
		{name: "half_a_second_after_nextUpdate", rules: "6.13", at: second / 2, staples: oneStaple(window(-hour/2, 0)), want: stale},
		{name: "after_the_nextUpdate_of_the_intermediate", rules: "6.13", policy: wholeChain, staples: withIntermediate(window(-hour, -second)), want: stale},
		{name: "after_the_nextUpdate_of_a_staple_that_is_not_needed", rules: "6.1 6.13", staples: withIntermediate(window(-hour, -second)), want: stale},
		{name: "staple_that_ends_before_the_token", rules: "6.13", staples: oneStaple(window(-hour/2, minute)), freshUntil: until(minute)},
		{name: "staple_of_the_intermediate_that_ends_before_the_token", rules: "6.13", policy: wholeChain,
			staples: withIntermediate(window(-hour/2, 2*minute)), freshUntil: until(2 * minute)},
		{name: "at_the_greatest_age", rules: "6.14", staples: oneStaple(window(-hour, 24*hour)), freshUntil: until(0)},
		{name: "above_the_greatest_age", rules: "6.14", staples: oneStaple(window(-hour-second, 24*hour)), want: stale},
		{name: "half_a_second_above_the_greatest_age", rules: "6.14", at: second / 2, staples: oneStaple(window(-hour, 24*hour)), want: stale},
		{name: "at_the_greatest_age_of_a_strict_policy", rules: "6.14", policy: age(120), staples: oneStaple(window(-2*minute, hour)), freshUntil: until(0)},
		{name: "above_the_greatest_age_of_a_strict_policy", rules: "6.14", policy: age(120), staples: oneStaple(window(-2*minute-second, hour)), want: stale},
		{name: "an_old_staple_under_a_loose_policy", rules: "6.14", policy: age(86400), staples: oneStaple(window(-23*hour, 24*hour))},
		{name: "age_that_ends_before_the_token", rules: "6.14", policy: age(120), freshUntil: until(minute)},
	}
}
