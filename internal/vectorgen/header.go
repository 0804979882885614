// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

func headerCases() []spec {
	cases := []spec{
		{name: "typ_absent", rules: "2.1", edit: dropHeader("typ"), want: stapled.TypeRejected},
		{name: "typ_of_the_policy_is_another", rules: "2.1", policy: expectType("at+jwt"), want: stapled.TypeRejected},
		{name: "typ_of_another_policy", rules: "2.1", policy: expectType("at+jwt"), edit: header("typ", "at+jwt")},
		{name: "typ_of_another_policy_in_full", rules: "2.1", policy: expectType("at+jwt"), edit: header("typ", "application/at+jwt")},
		{name: "typ_of_a_policy_in_full", rules: "2.1", policy: expectType("application/at+jwt"), edit: header("typ", "AT+jwt")},
		{name: "alg_absent", rules: "2.2", edit: dropHeader("alg"), want: stapled.AlgorithmRejected},
		{name: "alg_HS256_with_the_leaf_key_as_secret", rules: "2.2", want: stapled.AlgorithmRejected,
			comment: "The secret is the subjectPublicKeyInfo of the leaf, in DER.",
			edit: func(m *maker, t *testca.Token) {
				t.Key, t.Alg = m.short.Cert.RawSubjectPublicKeyInfo, "HS256"
				t.Header.Set("alg", "HS256")
			}},
		{name: "alg_not_among_those_of_the_policy", rules: "2.2", policy: permit("ES384", "EdDSA"), want: stapled.AlgorithmRejected},
		{name: "alg_among_those_of_the_policy", rules: "2.2", policy: permit("EdDSA", "ES256")},
		{name: "x5c_absent", rules: "2.3", edit: dropHeader("x5c"), want: stapled.Malformed},
		{name: "x5c_empty", rules: "2.3", edit: header("x5c", []string{}), want: stapled.Malformed},
		{name: "jwk_absent_from_x5c_but_present", rules: "2.4", edit: edits(dropHeader("x5c"), addHeader("jwk", literal(`{"kty":"EC"}`))),
			want: stapled.HeaderForbidden, comment: "Rule 2.4 comes before rule 2.3."},
		{name: "members_that_nobody_knows", rules: "2.4",
			edit: edits(addHeader("cty", "JWT"), addHeader("x5t", "AAAA"), addHeader("zip", "DEF"), addHeader("nonce", literal("1")))},
	}
	for i, typ := range []string{"", "JWT", "stapled", "stapled+jwt ", "stapled+jwtx", "at+jwt", "text/stapled+jwt", "stapled+jwt/", "/stapled+jwt", "application/", "application/x/stapled+jwt"} {
		cases = append(cases, spec{name: fmt.Sprintf("typ_rejected_%d", i+1), rules: "2.1",
			comment: fmt.Sprintf("typ is %q.", typ), edit: header("typ", typ), want: stapled.TypeRejected})
	}
	for i, typ := range []string{"STAPLED+JWT", "Stapled+jwt", "application/stapled+jwt", "APPLICATION/Stapled+JWT"} {
		cases = append(cases, spec{name: fmt.Sprintf("typ_accepted_%d", i+1), rules: "2.1",
			comment: fmt.Sprintf("typ is %q.", typ), edit: header("typ", typ)})
	}
	for i, alg := range []string{"", "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "es256", "ES256 ", "ES256K", "Ed25519", "RS1", "RSA-OAEP", "dir", "SHA256"} {
		cases = append(cases, spec{name: fmt.Sprintf("alg_rejected_%d", i+1), rules: "2.2",
			comment: fmt.Sprintf("alg is %q.", alg), edit: header("alg", alg), want: stapled.AlgorithmRejected})
	}
	for _, row := range []struct{ name, member, value string }{
		{"crit", "crit", `["exp"]`},
		{"crit_empty", "crit", "[]"},
		{"crit_of_ocsp", "crit", `["ocsp"]`},
		{"crit_b64", "crit", `["b64"]`},
		{"jku", "jku", `"https://test.example/keys"`},
		{"jwk", "jwk", `{"kty":"oct","k":"AAAA"}`},
		{"jwk_null", "jwk", "null"},
		{"x5u", "x5u", `"https://test.example/chain.pem"`},
		{"b64_false", "b64", "false"},
		{"b64_true", "b64", "true"},
	} {
		cases = append(cases, spec{name: "header_with_" + row.name, rules: "2.4",
			edit: addHeader(row.member, literal(row.value)), want: stapled.HeaderForbidden})
	}
	return cases
}

func expectType(typ string) func(*policy) { return func(p *policy) { p.Type = typ } }

func permit(algorithms ...string) func(*policy) { return func(p *policy) { p.Algorithms = algorithms } }

func expectUsage(usage string) func(*policy) { return func(p *policy) { p.KeyUsage = usage } }

func wholeChain(p *policy) { p.Staples = "chain" }

// certificateChain gives the certificates of parties that are known only once
// there is a maker.
func certificateChain(parties func(*maker) []*testca.Party) edit {
	return chain(func(m *maker) []*x509.Certificate {
		var list []*x509.Certificate
		for _, p := range parties(m) {
			list = append(list, p.Cert)
		}
		return list
	})
}
