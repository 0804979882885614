// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// heldCA, goodCA and withoutCA are tokens with a staple for the intermediate, or
// without one.
func heldCA(this time.Duration) Case {
	return Case{staples: withIntermediate(held, window(this, 9*time.Minute)), want: stapled.CertificateRevoked}
}

func goodCA(this time.Duration, want stapled.Reason) Case {
	return Case{staples: withIntermediate(window(this, 9*time.Minute)), want: want}
}

func withoutCA(want stapled.Reason) Case { return Case{staples: oneStaple(), want: want} }

// holdOfCACases returns the cases for a CA on hold, whose staple a token may
// leave out: then the newest staple seen decides.
func holdOfCACases() []Case {
	minute := time.Minute
	const is = stapled.CertificateRevoked
	// The leaves of the other steps are below the intermediate of the case.
	another := Case{leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.root)) }, staples: oneStaple(),
		comment: "A leaf of another intermediate of the same name and key."}
	cases := []Case{
		{name: "hold_of_the_intermediate", unpublished: true, policy: wholeChain, steps: []Case{
			heldCA(-2 * minute), goodCA(-3*minute, is), goodCA(-minute, ""), goodCA(-3*minute, is),
		}},
		{name: "hold_of_the_intermediate_whose_staple_is_left_out", steps: []Case{
			{comment: "No staple is needed for the intermediate.", staples: oneStaple()},
			{comment: "This one says revoked, for a minute.", staples: withIntermediate(held, window(-2*minute, minute)), want: is},
			{comment: "To leave it out does not help.", staples: oneStaple(), want: is},
			{comment: "At its nextUpdate.", at: minute, staples: oneStaple(), want: is},
			{comment: "It is fresh no more.", at: minute + time.Second, staples: oneStaple()},
			{comment: "An older good one is no better than before.", at: minute + time.Second, staples: withIntermediate(window(-3*minute, 9*minute)), want: is},
		}},
		{name: "hold_of_the_intermediate_after_a_token_without_its_staple", unpublished: true, steps: []Case{withoutCA(""), heldCA(-3 * minute), withoutCA(is)}},
		{name: "hold_of_the_intermediate_and_an_older_good_one", unpublished: true, steps: []Case{heldCA(-3 * minute), goodCA(-5*minute, is), withoutCA(is)}},
		{name: "hold_of_the_intermediate_and_a_good_one_from_the_future", rules: "6.10 6.12", steps: []Case{
			heldCA(-3 * minute), {staples: withIntermediate(window(8*minute, 9*minute)), want: stapled.StapleNotYetValid}, withoutCA(is),
		}},
		{name: "hold_of_the_intermediate_and_a_good_one_that_has_ended", unpublished: true, rules: "6.10 6.13", steps: []Case{
			heldCA(-3 * minute), {staples: withIntermediate(window(-minute, -time.Second)), want: stapled.StapleStale}, withoutCA(is),
		}},
		{row: "S35", name: "hold_of_the_intermediate_before_a_newer_good_one", steps: []Case{
			heldCA(-3 * minute), withoutCA(is), goodCA(-minute, ""), withoutCA(""), heldCA(-3 * minute), withoutCA(""), goodCA(-minute, ""),
		}},
		{row: "S35", name: "hold_of_the_intermediate_after_a_newer_good_one", steps: []Case{
			goodCA(-minute, ""), withoutCA(""), heldCA(-3 * minute), withoutCA(""), goodCA(-minute, ""), goodCA(-3*minute, is), withoutCA(""),
		}},
		{row: "S35", name: "hold_of_the_intermediate_before_a_good_one_of_the_same_second", unpublished: true, steps: []Case{
			heldCA(-3 * minute), goodCA(-3*minute, is), withoutCA(is),
		}},
		{row: "S35", name: "hold_of_the_intermediate_after_a_good_one_of_the_same_second", steps: []Case{
			goodCA(-3*minute, ""), heldCA(-3 * minute), withoutCA(is), goodCA(-3*minute, is),
		}},
		{row: "S35", name: "hold_of_the_intermediate_after_a_good_one_in_a_token_that_is_refused", rules: "6.10 6.13", steps: []Case{
			{comment: "The leaf's staple has ended; the intermediate's is fresh.", want: stapled.StapleStale,
				staples: func(m *Maker, leaf *testca.Party) [][]byte {
					return [][]byte{m.staple(leaf, window(-2*minute, -time.Second)), m.staple(leaf.Issuer)}
				}},
			heldCA(-3 * minute), withoutCA(""),
		}},
		{row: "S35", name: "two_holds_of_the_intermediate_with_a_good_one_between", steps: []Case{
			heldCA(-4 * minute), goodCA(-3*minute, ""), withoutCA(""), heldCA(-2 * minute), withoutCA(is), goodCA(-minute, ""), withoutCA(""),
		}},
		{row: "S35", name: "two_holds_of_the_intermediate_the_newer_first", unpublished: true, steps: []Case{
			heldCA(-2 * minute), goodCA(-3*minute, is), withoutCA(is), heldCA(-4 * minute), withoutCA(is),
		}},
		{name: "hold_of_the_intermediate_that_had_ended", steps: []Case{
			{staples: withIntermediate(held, window(-3*minute, -time.Second)), want: is}, withoutCA(""),
		}},
		{name: "hold_of_another_intermediate", unpublished: true, steps: []Case{heldCA(-3 * minute), another}},
	}
	for i := range cases {
		cases[i].leaf = below()
		if cases[i].rules == "" {
			cases[i].rules = "6.10"
		}
	}
	return cases
}
