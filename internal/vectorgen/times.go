// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// timeCases hold one token against a clock that moves. A verifier that
// remembers must give what one that does not remember gives.
func timeCases() []spec {
	second, minute, hour := time.Second, time.Minute, time.Hour
	day := 24 * hour
	now := testca.Now
	token := times(0, 0, lifetime)
	// closing is accepted now and at the end, and then no more.
	closing := func(name, rules string, end time.Duration, want stapled.Reason, s spec) spec {
		s.name, s.rules = name, rules
		step := func(at time.Duration, comment string, want stapled.Reason) spec {
			return spec{at: at, comment: comment, want: want, staples: s.staples, edit: s.edit, freshUntil: until(end)}
		}
		s.steps = []spec{
			step(0, "", ""),
			step(end, "The last instant.", ""),
			step(end+time.Millisecond, "A millisecond later.", want),
			step(end+second, "A second later.", want),
			step(0, "By a clock that was set back.", ""),
		}
		return s
	}
	delegate := byDelegate(testca.Valid(now.Add(-hour), now.Add(2*minute)))
	return []spec{
		closing("leaf_expires", "4.3", 2*minute, stapled.CertificateExpired, spec{leaf: client(testca.Valid(now.Add(-hour), now.Add(2*minute)))}),
		closing("intermediate_expires", "4.3", 2*minute, stapled.CertificateExpired, spec{leaf: below(testca.Valid(now.Add(-hour), now.Add(2*minute)))}),
		closing("anchor_expires", "4.3", 2*minute, stapled.CertificateExpired, spec{anchors: []string{"root-soon"}, leaf: func(m *maker) *testca.Party {
			return m.newLeaf(m.anchor("root-soon", "A root that ends two minutes after the usual time.",
				m.newRoot(testca.Named("root-soon"), testca.Valid(now.Add(-hour), now.Add(2*minute)))))
		}}),
		closing("delegate_expires", "6.9", 2*minute, stapled.StapleUntrusted, spec{staples: sameDelegate(delegate)}),
		closing("staple_expires", "6.13", 2*minute, stapled.StapleStale, spec{staples: oneStaple(window(-minute, 2*minute))}),
		closing("staple_of_the_intermediate_expires", "6.13", 2*minute, stapled.StapleStale,
			spec{policy: wholeChain, staples: withIntermediate(window(-minute, 2*minute))}),
		closing("staple_grows_old", "6.14", 2*minute, stapled.StapleStale,
			spec{policy: func(p *policy) { p.MaxStapleAge = 180 }}),
		{name: "token_expires", rules: "7.6", steps: []spec{
			{edit: token},
			{at: lifetime - time.Millisecond, edit: token, comment: "A millisecond before exp."},
			{at: lifetime, edit: token, comment: "At exp: unlike the other ends it does not belong to the window.", want: stapled.TokenExpired},
			{at: lifetime + second, edit: token, want: stapled.TokenExpired},
		}},
		{name: "token_begins", rules: "7.7", steps: []spec{
			{at: -minute - second, comment: "A second before the leeway.", edit: times(0, 0, lifetime), staples: oneStaple(window(-2*minute, 9*minute)), want: stapled.TokenNotYetValid},
			{at: -minute, staples: oneStaple(window(-2*minute, 9*minute))},
			{at: -minute - second, comment: "By a clock that was set back.", staples: oneStaple(window(-2*minute, 9*minute)), want: stapled.TokenNotYetValid},
		}},
		{name: "staple_begins", rules: "6.12", steps: []spec{
			{at: -2*minute - second, edit: times(-2*minute, -2*minute, lifetime), want: stapled.StapleNotYetValid},
			{at: -2 * minute, edit: times(-2*minute, -2*minute, lifetime)},
			{at: -2*minute - second, edit: times(-2*minute, -2*minute, lifetime), want: stapled.StapleNotYetValid},
		}},
		{name: "certificate_begins", rules: "4.3", leaf: client(testca.Valid(now, now.Add(hour))), steps: []spec{
			{at: -second, want: stapled.CertificateNotYetValid},
			{},
			{at: -second, want: stapled.CertificateNotYetValid},
		}},
		{name: "another_token_of_the_same_header", rules: "1.3 5.1 7.3 7.4 7.5 7.6 7.8", steps: []spec{
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
		{name: "new_staple_for_a_known_chain", rules: "6.8 6.13", steps: []spec{
			{staples: oneStaple(window(-minute, 2*minute)), freshUntil: until(2 * minute)},
			{at: 3 * minute, staples: oneStaple(window(-minute, 2*minute)), want: stapled.StapleStale},
			{at: 3 * minute, staples: oneStaple(window(2*minute, 12*minute))},
			{at: 3 * minute, staples: oneStaple(window(2*minute, 12*minute), inside("signature", flip)), want: stapled.StapleUntrusted},
		}},
		{name: "staple_ended_while_the_token_goes_on", rules: "6.13", at: 2*minute + second, staples: oneStaple(window(-minute, 2*minute)), want: stapled.StapleStale},
		{name: "clock_a_day_behind", rules: "6.12 7.7", at: -day, want: stapled.StapleNotYetValid,
			leaf: client(testca.Valid(now.Add(-2*day), now.Add(day)))},
		{name: "clock_a_day_ahead", rules: "6.13 7.6", at: day - hour, want: stapled.StapleStale},
		{name: "clock_ten_years_ahead", rules: "4.3", at: 3652 * day, want: stapled.CertificateExpired},
	}
}

// sameDelegate makes the staples once, so that all steps of a case have the
// same.
func sameDelegate(staples func(*maker, *testca.Party) [][]byte) func(*maker, *testca.Party) [][]byte {
	var made [][]byte
	return func(m *maker, leaf *testca.Party) [][]byte {
		if made == nil {
			made = staples(m, leaf)
		}
		return made
	}
}
