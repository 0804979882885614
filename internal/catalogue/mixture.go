// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"encoding/json"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// mixtureCases returns the cases for rule 5.1: parts of valid tokens that do
// not belong together, and whole tokens that somebody else signed.
func mixtureCases() []Case {
	another := func(m *Maker) string { return m.compact(testca.NewToken(m.other, m.staple(m.other))) }
	forged := claim("jti", "forged")
	cases := []Case{
		{row: "T11", name: "payload_of_another_token_of_the_leaf", edit: claim("sub", "somebody"),
			mix: func(_ *Maker, raw, honest string) string { return mixed(honest, raw, honest) }},
		{row: "T11", name: "signature_of_another_token_of_the_leaf", edit: claim("sub", "somebody"),
			mix: func(_ *Maker, raw, honest string) string { return mixed(raw, raw, honest) }},
		{row: "T11", name: "header_of_another_token_of_the_leaf", edit: addHeader("x", "another header"),
			mix: func(_ *Maker, raw, honest string) string { return mixed(raw, honest, honest) }},
		{row: "T11", name: "header_of_another_party",
			mix: func(m *Maker, _, honest string) string { return mixed(another(m), honest, honest) }},
		{row: "T11", name: "payload_and_signature_of_another_party",
			mix: func(m *Maker, _, honest string) string { return mixed(honest, another(m), another(m)) }},
		{row: "T11", name: "header_with_a_fresher_staple", edit: func(m *Maker, t *testca.Token) {
			t.Header.Set("ocsp", []string{standard(m.staple(m.client, window(0, 2*lifetime)))})
		}, mix: func(_ *Maker, raw, honest string) string { return mixed(raw, honest, honest) }},
		{row: "T11", name: "header_and_payload_exchanged", rules: "2.1", want: stapled.TypeRejected,
			mix: func(_ *Maker, _, honest string) string {
				s := strings.Split(honest, ".")
				return s[1] + "." + s[0] + "." + s[2]
			}},
		{row: "T18", name: "signature_of_a_token_of_the_same_header", edit: forged,
			mix: func(_ *Maker, raw, honest string) string { return mixed(raw, raw, honest) }},
		{row: "T18", name: "payload_that_nobody_has_signed",
			mix: func(_ *Maker, _, honest string) string {
				payload := segment(json.RawMessage(`{"iss":"spiffe://test.example/client","aud":"orders"}`))
				return mixed(honest, "."+payload+".", honest)
			}},
	}
	for i := range cases {
		if cases[i].rules == "" {
			cases[i].rules, cases[i].want = "5.1", stapled.SignatureInvalid
		}
	}
	return cases
}

// mixed takes header, payload and signature from one token each.
func mixed(header, payload, signature string) string {
	return strings.Split(header, ".")[0] + "." + strings.Split(payload, ".")[1] + "." + strings.Split(signature, ".")[2]
}
