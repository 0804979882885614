// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

func headerCases() []Case {
	cases := []Case{
		{name: "typ_absent", rules: "2.1", edit: dropHeader("typ"), want: stapled.TypeRejected},
		{name: "typ_of_the_policy_is_another", rules: "2.1", policy: expectType("at+jwt"), want: stapled.TypeRejected},
		{name: "typ_of_another_policy", rules: "2.1", policy: expectType("at+jwt"), edit: header("typ", "at+jwt")},
		{name: "typ_of_another_policy_in_full", rules: "2.1", policy: expectType("at+jwt"), edit: header("typ", "application/at+jwt")},
		{name: "typ_of_a_policy_in_full", rules: "2.1", policy: expectType("application/at+jwt"), edit: header("typ", "AT+jwt")},
		{name: "alg_absent", rules: "2.2", edit: dropHeader("alg"), want: stapled.AlgorithmRejected},
		{name: "alg_HS256_with_the_leaf_key_as_secret", rules: "2.2", want: stapled.AlgorithmRejected,
			comment: "The secret is the subjectPublicKeyInfo of the leaf, in DER.",
			edit: func(m *Maker, t *testca.Token) {
				t.Key, t.Alg = m.short.Cert.RawSubjectPublicKeyInfo, "HS256"
				t.Header.Set("alg", "HS256")
			}},
		hmac("the_PEM_of_the_leaf_key", "The secret is the subjectPublicKeyInfo of the leaf, in PEM.", func(m *Maker) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: m.short.Cert.RawSubjectPublicKeyInfo})
		}),
		hmac("the_point_of_the_leaf_key", "", func(m *Maker) []byte { return testca.KeyBits(m.short.Cert) }),
		hmac("nothing", "", func(*Maker) []byte { return nil }),
		{row: "T01", name: "alg_none_without_a_signature", rules: "1.2", want: stapled.Malformed, edit: func(_ *Maker, t *testca.Token) {
			t.Header.Set("alg", "none")
			t.Alg = "none"
		}, sign: func(*Maker, *testca.Token, []byte) []byte { return nil }},
		{name: "alg_not_among_those_of_the_policy", rules: "2.2", policy: permit("ES384", "EdDSA"), want: stapled.AlgorithmRejected},
		{name: "alg_among_those_of_the_policy", rules: "2.2", policy: permit("EdDSA", "ES256")},
		{name: "x5c_absent", rules: "2.3", edit: dropHeader("x5c"), want: stapled.Malformed},
		{name: "x5c_empty", rules: "2.3", edit: header("x5c", []string{}), want: stapled.Malformed},
		{name: "jwk_absent_from_x5c_but_present", rules: "2.4", edit: edits(dropHeader("x5c"), addHeader("jwk", literal(`{"kty":"EC"}`))),
			want: stapled.HeaderForbidden, comment: "Rule 2.4 comes before rule 2.3."},
		{name: "members_that_nobody_knows", rules: "2.4",
			edit: edits(addHeader("cty", "JWT"), addHeader("x5t", "AAAA"), addHeader("zip", "DEF"), addHeader("nonce", literal("1")))},
	}
	for i, typ := range []string{"", "JWT", "stapled", "stapled+jwt ", "stapled+jwtx", "at+jwt", "text/stapled+jwt", "stapled+jwt/", "/stapled+jwt", "application/", "application/x/stapled+jwt",
		"application/JWT", "application/application/stapled+jwt", "stapled+jwt;v=1", "\u017ftapled+jwt"} {
		cases = append(cases, Case{name: fmt.Sprintf("typ_rejected_%d", i+1), rules: "2.1",
			comment: fmt.Sprintf("typ is %q.", typ), edit: header("typ", typ), want: stapled.TypeRejected})
	}
	for i, row := range []struct{ policy, typ string }{
		{"JWT", "stapled+jwt"},
		{"application/stapled+jwt", "application/jwt"},
		{"text/stapled+jwt", "application/text/stapled+jwt"},
		{"application/stapled+jwt", "application/application/stapled+jwt"},
		{"text/stapled+jwt", "stapled+jwt"},
	} {
		cases = append(cases, Case{name: fmt.Sprintf("typ_of_the_policy_is_another_%d", i+1), rules: "2.1", policy: expectType(row.policy),
			comment: fmt.Sprintf("typ is %q.", row.typ), edit: header("typ", row.typ), want: stapled.TypeRejected})
	}
	cases = append(cases, Case{name: "typ_absent_under_another_policy", rules: "2.1", policy: expectType("JWT"), edit: dropHeader("typ"), want: stapled.TypeRejected})
	for i, typ := range []string{"STAPLED+JWT", "Stapled+jwt", "application/stapled+jwt", "APPLICATION/Stapled+JWT"} {
		cases = append(cases, Case{name: fmt.Sprintf("typ_accepted_%d", i+1), rules: "2.1",
			comment: fmt.Sprintf("typ is %q.", typ), edit: header("typ", typ)})
	}
	for i, alg := range []string{"", "none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "es256", "ES256 ", "ES256K", "Ed25519", "RS1", "RSA-OAEP", "dir", "SHA256", "ES257", "ES256\x00"} {
		cases = append(cases, Case{name: fmt.Sprintf("alg_rejected_%d", i+1), rules: "2.2",
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
		{"crit_null", "crit", "null"},
		{"crit_of_something_unknown", "crit", `["http://test.example/unknown"]`},
		{"jku_empty", "jku", `""`},
		{"jwk_of_P-256", "jwk", `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`},
	} {
		cases = append(cases, Case{name: "header_with_" + row.name, rules: "2.4",
			edit: addHeader(row.member, literal(row.value)), want: stapled.HeaderForbidden})
	}
	return append(cases, memberCases()...)
}

// memberCases returns the cases for members that contradict others, or that are
// in the wrong place.
func memberCases() []Case {
	return []Case{
		{name: "jwk_of_the_signer", rules: "2.4", want: stapled.HeaderForbidden, edit: edits(
			addHeader("jwk", literal(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`)), signedBy(testca.P256, "other", "ES256"))},
		{name: "jwk_escaped", rules: "2.4", edit: headerText(first(`"jw\u006b":{}`)), want: stapled.HeaderForbidden},
		{name: "crit_of_exp_in_the_header", rules: "2.4", want: stapled.HeaderForbidden,
			edit: edits(addHeader("crit", []string{"exp"}), addHeader("exp", unix(lifetime)))},
		{name: "crit_of_b64_and_b64", rules: "2.4", want: stapled.HeaderForbidden,
			edit: edits(addHeader("b64", false), addHeader("crit", []string{"b64"}))},
		{row: "T27", name: "x5c_in_another_case", rules: "1.4", want: stapled.Malformed, edit: renamed("x5c", "X5C")},
		{name: "x5c_in_the_claims", rules: "2.3", want: stapled.Malformed, edit: toClaims("x5c")},
		{row: "T27", name: "ocsp_in_another_case", rules: "1.4", want: stapled.Malformed, edit: renamed("ocsp", "OCSP")},
		{name: "header_is_an_empty_object", rules: "2.1", edit: headerText(text("{}")), want: stapled.TypeRejected},
	}
}

// renamed gives a member of the header another name.
func renamed(from, to string) edit {
	return func(_ *Maker, t *testca.Token) {
		value := t.Header.Get(from)
		t.Header.Drop(from)
		t.Header.Add(to, value)
	}
}

// toClaims moves a member of the header to the claims.
func toClaims(name string) edit {
	return func(_ *Maker, t *testca.Token) {
		t.Claims.Add(name, t.Header.Get(name))
		t.Header.Drop(name)
	}
}

// hmac signs as HS256 with a secret that everybody knows.
func hmac(name, comment string, secret func(*Maker) []byte) Case {
	return Case{name: "alg_HS256_with_" + name, rules: "2.2", comment: comment, want: stapled.AlgorithmRejected,
		edit: func(m *Maker, t *testca.Token) {
			t.Key, t.Alg = secret(m), "HS256"
			t.Header.Set("alg", "HS256")
		}}
}

func expectType(typ string) func(*Policy) { return func(p *Policy) { p.Type = typ } }

func permit(algorithms ...string) func(*Policy) { return func(p *Policy) { p.Algorithms = algorithms } }

func expectUsage(usage string) func(*Policy) { return func(p *Policy) { p.KeyUsage = usage } }

func wholeChain(p *Policy) { p.Staples = "chain" }

// certificateChain uses the certificates of parties that are known only once
// there is a maker.
func certificateChain(parties func(*Maker) []*testca.Party) edit {
	return chain(func(m *Maker) []*x509.Certificate {
		var list []*x509.Certificate
		for _, p := range parties(m) {
			list = append(list, p.Cert)
		}
		return list
	})
}
