// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// timeCases returns cases that test one token against a moving clock. A
// verifier that remembers must give the same result as one that does not.
func timeCases() []Case {
	second, minute, hour := time.Second, time.Minute, time.Hour
	day := 24 * hour
	now := testca.Now
	token := times(0, 0, lifetime)
	// closing is accepted now and at the end, and then no longer.
	closing := func(name, rules string, end time.Duration, want stapled.Reason, s Case) Case {
		s.row, s.name, s.rules = "T17", name, rules
		step := func(at time.Duration, comment string, want stapled.Reason) Case {
			return Case{at: at, comment: comment, want: want, staples: s.staples, edit: s.edit, freshUntil: until(end)}
		}
		s.steps = []Case{
			step(0, "", ""),
			step(end, "The last instant.", ""),
			step(end+time.Millisecond, "A millisecond later.", want),
			step(end+second, "A second later.", want),
			step(0, "By a clock that was set back.", ""),
		}
		return s
	}
	delegate := byDelegate(testca.Valid(now.Add(-hour), now.Add(2*minute)))
	return []Case{
		closing("leaf_expires", "4.3", 2*minute, stapled.CertificateExpired, Case{leaf: client(testca.Valid(now.Add(-hour), now.Add(2*minute)))}),
		closing("intermediate_expires", "4.3", 2*minute, stapled.CertificateExpired, Case{leaf: below(testca.Valid(now.Add(-hour), now.Add(2*minute)))}),
		closing("anchor_expires", "4.3", 2*minute, stapled.CertificateExpired, Case{anchors: []string{"root-soon"}, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.anchor("root-soon", "A root that ends two minutes after the usual time.",
				m.newRoot(testca.Named("root-soon"), testca.Valid(now.Add(-hour), now.Add(2*minute)))))
		}}),
		closing("delegate_expires", "6.9", 2*minute, stapled.StapleUntrusted, Case{staples: sameDelegate(delegate)}),
		closing("staple_expires", "6.13", 2*minute, stapled.StapleStale, Case{staples: oneStaple(window(-minute, 2*minute))}),
		closing("staple_of_the_intermediate_expires", "6.13", 2*minute, stapled.StapleStale,
			Case{policy: wholeChain, staples: withIntermediate(window(-minute, 2*minute))}),
		closing("staple_grows_old", "6.14", 2*minute, stapled.StapleStale,
			Case{policy: func(p *Policy) { p.MaxStapleAge = 180 }}),
		{row: "T17", name: "token_expires", rules: "7.6", steps: []Case{
			{edit: token},
			{at: lifetime - time.Millisecond, edit: token, comment: "A millisecond before exp."},
			{at: lifetime, edit: token, comment: "At exp: unlike the other ends it does not belong to the window.", want: stapled.TokenExpired},
			{at: lifetime + second, edit: token, want: stapled.TokenExpired},
		}},
		{row: "T17", name: "token_begins", rules: "7.7", steps: []Case{
			{at: -minute - second, comment: "A second before the leeway.", edit: times(0, 0, lifetime), staples: oneStaple(window(-2*minute, 9*minute)), want: stapled.TokenNotYetValid},
			{at: -minute, staples: oneStaple(window(-2*minute, 9*minute))},
			{at: -minute - second, comment: "By a clock that was set back.", staples: oneStaple(window(-2*minute, 9*minute)), want: stapled.TokenNotYetValid},
		}},
		{row: "T17", name: "staple_begins", rules: "6.12", steps: []Case{
			{at: -2*minute - second, edit: times(-2*minute, -2*minute, lifetime), want: stapled.StapleNotYetValid},
			{at: -2 * minute, edit: times(-2*minute, -2*minute, lifetime)},
			{at: -2*minute - second, edit: times(-2*minute, -2*minute, lifetime), want: stapled.StapleNotYetValid},
		}},
		{row: "T17", name: "delegate_begins", rules: "6.9", steps: func() []Case {
			staples := sameDelegate(byDelegate(testca.Valid(now.Add(2*minute), now.Add(hour))))
			step := func(at time.Duration, comment string, want stapled.Reason) Case {
				return Case{at: at, comment: comment, want: want, staples: staples}
			}
			return []Case{
				step(minute-time.Millisecond, "A millisecond before the leeway.", stapled.StapleUntrusted),
				step(minute, "The first instant.", ""),
				step(2*minute, "", ""),
				step(minute, "By a clock that was set back.", ""),
				step(minute-time.Millisecond, "", stapled.StapleUntrusted),
			}
		}()},
		{row: "T17", name: "certificate_begins", rules: "4.3", leaf: client(testca.Valid(now.Add(minute), now.Add(hour))), steps: []Case{
			{at: -second, want: stapled.CertificateNotYetValid},
			{},
			{at: -second, want: stapled.CertificateNotYetValid},
		}},
		{row: "T18", name: "another_token_of_the_same_header", rules: "1.3 5.1 7.3 7.4 7.5 7.6 7.8", steps: []Case{
			{comment: "From here on the header is known."},
			{edit: claim("jti", "second")},
			{edit: signedBy(testca.P256, "other", "ES256"), comment: "Signed by another key.", want: stapled.SignatureInvalid},
			{edit: claim("iss", "spiffe://test.example/other"), want: stapled.IssuerMismatch},
			{edit: claim("aud", "other"), want: stapled.AudienceMismatch},
			{edit: times(-10*minute, -10*minute, -minute), want: stapled.TokenExpired},
			{edit: times(-10*minute, -10*minute, 51*minute), want: stapled.ClaimsInvalid},
			{edit: dropClaim("jti"), want: stapled.ClaimsInvalid},
			{after: splice(2), comment: "The signature of another token.", want: stapled.SignatureInvalid},
			{after: part(1, suffix("=")), want: stapled.Malformed},
			{comment: "The first token again."},
		}},
		{row: "S17", name: "new_staple_for_a_known_chain", rules: "6.8 6.13", steps: []Case{
			{staples: oneStaple(window(-minute, 2*minute)), freshUntil: until(2 * minute)},
			{at: 3 * minute, staples: oneStaple(window(-minute, 2*minute)), want: stapled.StapleStale},
			{at: 3 * minute, staples: oneStaple(window(2*minute, 12*minute))},
			{at: 3 * minute, staples: oneStaple(window(2*minute, 12*minute), inside("signature", flip)), want: stapled.StapleUntrusted},
		}},
		{row: "T15", name: "staple_ended_while_the_token_goes_on", rules: "6.13", at: 2*minute + second, staples: oneStaple(window(-minute, 2*minute)), want: stapled.StapleStale},
		{row: "T16", name: "clock_a_day_behind", rules: "6.12 7.7", at: -day, want: stapled.StapleNotYetValid,
			leaf: client(testca.Valid(now.Add(-2*day), now.Add(day)))},
		{row: "T15", name: "staple_of_the_intermediate_ended_while_the_token_goes_on", rules: "6.13", policy: wholeChain, at: 2*minute + second,
			staples: withIntermediate(window(-minute, 2*minute)), want: stapled.StapleStale},
		{row: "T16", name: "clock_a_day_behind_the_certificate", rules: "4.3", at: -day, want: stapled.CertificateNotYetValid},
		{row: "T16", name: "clock_a_day_behind_the_token", rules: "7.7", at: -day, want: stapled.TokenNotYetValid,
			leaf: client(testca.Valid(now.Add(-3*day), now.Add(hour))), policy: func(p *Policy) { p.MaxStapleAge = 3 * 86400 },
			staples: oneStaple(window(-2*day, 9*minute))},
		{row: "T16", name: "clock_a_day_ahead", rules: "6.13 7.6", at: day - hour, want: stapled.StapleStale},
		{row: "T16", name: "clock_ten_years_ahead", rules: "4.3", at: 3652 * day, want: stapled.CertificateExpired},
	}
}

// sameDelegate makes the staples once, so that all steps of a case share them.
func sameDelegate(staples func(*Maker, *testca.Party) [][]byte) func(*Maker, *testca.Party) [][]byte {
	var made [][]byte
	return func(m *Maker, leaf *testca.Party) [][]byte {
		if made == nil {
			made = staples(m, leaf)
		}
		return made
	}
}
