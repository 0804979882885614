// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// rowOfMember maps a member of the header to the row for its faults.
var rowOfMember = map[string]string{"alg": "T01", "typ": "T10", "kid": "T06", "x5t#S256": "T06", "x5c": "T04", "ocsp": "T03"}

// headerTypeCases returns the cases for rule 1.5.
func headerTypeCases() []Case {
	var cases []Case
	for _, row := range []struct{ name, member, value string }{
		{"alg_is_a_number", "alg", "256"},
		{"alg_is_null", "alg", "null"},
		{"alg_is_an_array", "alg", `["ES256"]`},
		{"typ_is_null", "typ", "null"},
		{"typ_is_an_object", "typ", "{}"},
		{"kid_is_a_number", "kid", "1"},
		{"kid_is_null", "kid", "null"},
		{"x5t_S256_is_true", "x5t#S256", "true"},
		{"x5c_is_null", "x5c", "null"},
		{"x5c_is_a_string", "x5c", `"MAA="`},
		{"x5c_is_an_object", "x5c", `{"0":"MAA="}`},
		{"x5c_holds_null", "x5c", "[null]"},
		{"x5c_holds_a_number", "x5c", "[1]"},
		{"x5c_holds_an_array", "x5c", `[["MAA="]]`},
		{"ocsp_is_null", "ocsp", "null"},
		{"ocsp_is_a_string", "ocsp", `"MAA="`},
		{"ocsp_is_false", "ocsp", "false"},
		{"ocsp_is_an_object", "ocsp", "{}"},
		{"ocsp_holds_null", "ocsp", "[null]"},
		{"ocsp_holds_a_number", "ocsp", "[1]"},
		{"ocsp_holds_an_object", "ocsp", "[{}]"},
		{"ocsp_holds_an_array", "ocsp", `[["MAA="]]`},
		{"x5t_S256_is_null", "x5t#S256", "null"},
	} {
		cases = append(cases, Case{row: rowOfMember[row.member], name: row.name, rules: "1.5", edit: header(row.member, literal(row.value)), want: stapled.Malformed})
	}
	cases = append(cases, Case{row: "T03", name: "ocsp_holds_a_good_staple_and_null", rules: "1.5", want: stapled.Malformed, edit: func(_ *Maker, t *testca.Token) {
		t.Header.Set("ocsp", []any{t.Header.Get("ocsp").([]string)[0], nil})
	}})
	return append(cases, jsonCases("header", "1.4", headerText)...)
}
