// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// claimCases returns the cases for step 7.
func claimCases() []Case {
	return slices.Concat(
		append(jsonCases("payload", "7.1", claimsText), Case{name: "payload_is_a_number", rules: "7.1", edit: claimsText(text("1")), want: stapled.Malformed}),
		claimTypeCases(), issuerCases(), uriCases(), audienceCases(), presenceCases(), lifetimeCases(), bindingCases())
}

// claimTypeCases returns the cases for rule 7.2.
func claimTypeCases() []Case {
	var cases []Case
	// Values that are not a NumericDate, for each of the dates.
	noDate := []string{`""`, "{}", "[1772366700]", "-1e400", "1772366700e0", "-1772366700", "9223372036854775807", "1" + strings.Repeat("0", 40),
		`"NaN"`, `"2026-03-01T12:05:00Z"`}
	more := []string{"true", "[]", "1772366700.5", "1e400", "18446744073709551616", "99999999999999999999"}
	for _, row := range []struct {
		claim  string
		values []string
	}{
		{"iss", []string{"null", "1", `["spiffe://test.example/client"]`, "{}"}},
		{"sub", []string{"null", "1", "[]", "true"}},
		{"jti", []string{"null", "1", `["a"]`, "{}"}},
		{"aud", []string{"null", "1", "{}", "true", `["orders",1]`, `["orders",null]`, `[["orders"]]`}},
		{"exp", []string{"null", `"1772366700"`, "1772366700.0", "1772366700.5", "1.7723667e9", "17723667E2", "1e400", "-1", "-0", "true", "[]", "253402300800", "18446744073709551616", "99999999999999999999999"}},
		{"nbf", []string{"null", `"1772366400"`, "1772366400.0", "1.7723664e9", "-1", "-0", "253402300800"}},
		{"iat", []string{"null", `"1772366400"`, "1772366400.0", "1.7723664e9", "-1", "-0", "253402300800"}},
	} {
		values := row.values
		switch row.claim {
		case "exp":
			values = slices.Concat(values, noDate)
		case "nbf", "iat":
			values = slices.Concat(values, noDate, more)
		}
		for i, value := range values {
			cases = append(cases, Case{name: fmt.Sprintf("%s_of_the_wrong_kind_%d", row.claim, i+1), rules: "7.2",
				row: map[string]string{"iss": "T12", "aud": "T13"}[row.claim], unpublished: i >= len(row.values),
				comment: row.claim + " is " + value + ".", edit: claim(row.claim, literal(value)), want: stapled.ClaimsInvalid})
		}
	}
	return append(cases,
		Case{row: "T13", name: "aud_of_65_strings", rules: "7.2", want: stapled.ClaimsInvalid,
			edit: claim("aud", slices.Repeat([]string{"orders"}, 65))},
		Case{name: "exp_zero", rules: "7.5", edit: claim("exp", 0), want: stapled.ClaimsInvalid},
		Case{name: "sub_of_any_text", rules: "7.2", edit: claim("sub", "somebody else, in ünïcode \u2028")},
		Case{name: "sub_empty", rules: "7.2", edit: claim("sub", "")},
		Case{name: "nbf_and_iat_zero", rules: "7.2", edit: edits(claim("nbf", 0), claim("iat", 0)), policy: func(p *Policy) { p.MaxLifetime = 2e9 }},
		Case{name: "exp_in_the_year_9999", rules: "7.2 7.8", edit: claim("exp", 253402300799), policy: func(p *Policy) { p.MaxLifetime = 9e9 },
			want: stapled.ClaimsInvalid, comment: "It is a number that may be, but 9999 years are longer than the policy permits (rule 7.8)."},
	)
}

// issuerCases returns the cases for rule 7.3.
func issuerCases() []Case {
	const dns = "client.test.example"
	cases := []Case{
		{name: "iss_absent", edit: dropClaim("iss")},
		{name: "iss_not_expected", policy: expectIssuers("spiffe://test.example/other", dns)},
		{name: "iss_expected_but_not_that_of_the_leaf", policy: expectIssuers("spiffe://test.example/other"), edit: claim("iss", "spiffe://test.example/other")},
		{name: "iss_is_a_wildcard_name", edit: claim("iss", "*.test.example"), leaf: named(nil, "*.test.example")},
		{name: "iss_matches_a_wildcard_name", edit: claim("iss", "https://client.test.example"), leaf: named(nil, "*.test.example")},
		{name: "iss_is_a_URI_in_a_DNS_name", edit: claim("iss", "spiffe://test.example/other"), leaf: named(nil, "spiffe://test.example/other"),
			comment: "Name constraints for DNS names do not see what it is."},
		{name: "iss_is_a_host_and_a_path_in_a_DNS_name", edit: claim("iss", "https://good.example/.test.example"), leaf: named(nil, "good.example/.test.example")},
		{name: "iss_is_a_host_and_a_port_in_a_DNS_name", edit: claim("iss", "https://good.example:443"), leaf: named(nil, "good.example:443")},
		{name: "iss_is_a_DNS_name_with_a_trailing_dot", edit: claim("iss", "client.test.example."), leaf: named(nil, "client.test.example.")},
		{name: "iss_is_a_DNS_name_with_an_empty_label", edit: claim("iss", "client..example"), leaf: named(nil, "client..example")},
		{name: "iss_is_the_common_name", edit: claim("iss", "client")},
		{name: "iss_is_the_common_name_of_a_leaf_without_names", edit: claim("iss", "client"), leaf: named(nil)},
		{name: "iss_empty_and_the_leaf_without_names", edit: claim("iss", ""), leaf: named(nil)},
		{name: "iss_is_an_email_address", edit: claim("iss", "client@test.example"),
			leaf: directly(func(t *testca.Template) { t.EmailAddresses = []string{"client@test.example"} })},
		{name: "iss_is_an_IP_address", edit: claim("iss", "192.0.2.1"),
			leaf: directly(func(t *testca.Template) { t.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1).To4()} })},
		{name: "iss_is_a_name_with_userinfo_in_a_DNS_name", edit: claim("iss", "https://good@evil.example"), leaf: named(nil, "good@evil.example")},
		{name: "iss_is_a_URI_of_the_leaf_as_if_it_were_a_host", edit: claim("iss", "https://spiffe:client"), leaf: named([]string{"spiffe:client"})},
		{name: "iss_is_an_IP_address_as_a_host", edit: claim("iss", "https://192.0.2.1"),
			leaf: directly(func(t *testca.Template) {
				t.URIs, t.DNSNames, t.IPAddresses = nil, nil, []net.IP{net.IPv4(192, 0, 2, 1).To4()}
			})},
		{name: "iss_of_the_leaf_in_another_form_than_expected", policy: expectIssuers("https://x.example", clientURI), edit: claim("iss", clientDNS)},
		{name: "iss_is_the_name_of_the_intermediate", edit: claim("iss", "Intermediate")},
	}
	for i, iss := range []string{
		"", "other", "spiffe://test.example/other", "spiffe://test.example/clien", "spiffe://test.example/client/", "spiffe://test.example/client2",
		"spiffe://test.example/", "SPIFFE://test.example/client", "spiffe://TEST.example/client", "spiffe://test.example/Client",
		"spiffe://test.example/%63lient", "spiffe://test.example/./client", " spiffe://test.example/client", "spiffe://test.example/client ",
		"spiffe://test.example/client#", "spiffe://test.example/client?a", "test.example", "CLIENT.test.example", "client.test.example.",
		"client.test.example/", "client.test.example:443", "a.client.test.example", "xclient.test.example",
		"http://client.test.example", "HTTPS://client.test.example", "https://CLIENT.test.example", "https://client.test.example.",
		"https://client.test.example:443", "https://client.test.example:443/", "https://client.test.example@evil.example",
		"https://user@client.test.example", "https://client.test.example.evil.example", "https://evil.example/client.test.example",
		"https://client.test.example?a", "https://client.test.example/a?b", "https://client.test.example/#a", "https://client.test.example/a b",
		"https://client.test.example\\a", "https://client.test.example/\u00e9", "https:/client.test.example", "https://%63lient.test.example",
		"https://", "https://spiffe://test.example/client",
		"test.example/client", "spiffe://test.example/client/admin", "https://other.test.example", "https://client.test.example%2f",
		"https://client.test.example:x@evil.example/", "https://client.test.example:8443/a", "//client.test.example",
		"https://evil.client.test.example", "https://test.example", "https://client.test.example#a", `https://client.test.example\@evil.example`,
		"https://client.test.example/\x01", "spiffe://test.example/client\x00", "spiffe://test.example/client,spiffe://test.example/other",
	} {
		cases = append(cases, Case{name: fmt.Sprintf("iss_not_the_leafs_%d", i+1), comment: fmt.Sprintf("iss is %q.", iss), edit: claim("iss", iss)})
	}
	for i := range cases {
		cases[i].rules, cases[i].want = "7.3", stapled.IssuerMismatch
	}
	for i, iss := range []string{clientURI, dns, "https://" + dns, "https://" + dns + "/", "https://" + dns + "/a/b;c=1/%20:@"} {
		cases = append(cases, Case{name: fmt.Sprintf("iss_of_the_leaf_%d", i+1), rules: "7.3", comment: fmt.Sprintf("iss is %q.", iss),
			edit: claim("iss", iss), issuer: iss})
	}
	return append(cases,
		Case{name: "iss_expected", rules: "7.3", policy: expectIssuers("spiffe://test.example/other", clientURI)},
		Case{name: "iss_the_second_URI", rules: "7.3", leaf: named([]string{"spiffe://issuer.example/1", "https://issuer.example/a?b#c"}, dns),
			edit: claim("iss", "https://issuer.example/a?b#c"), issuer: "https://issuer.example/a?b#c", identity: "spiffe://issuer.example/1",
			comment: "A URI is compared whole, whatever it is."},
		Case{name: "iss_the_second_DNS_name", rules: "7.3", leaf: named(nil, "a.example", "b.example"),
			edit: claim("iss", "https://b.example/path"), issuer: "https://b.example/path", identity: "a.example"},
		Case{name: "iss_a_DNS_name_beside_a_wildcard", rules: "7.3", leaf: named(nil, "*.example", "b.example"),
			edit: claim("iss", "b.example"), issuer: "b.example", identity: "b.example"},
		Case{name: "iss_a_DNS_name_with_an_underscore", rules: "7.3", leaf: named(nil, "_orders-2.Test.example"),
			edit: claim("iss", "_orders-2.Test.example"), issuer: "_orders-2.Test.example", identity: "_orders-2.Test.example"},
	)
}

func expectIssuers(list ...string) func(*Policy) { return func(p *Policy) { p.Issuers = list } }

// named makes a leaf with other names.
func named(uris []string, dns ...string) func(*Maker) *testca.Party {
	return directly(func(t *testca.Template) {
		t.URIs, t.DNSNames = nil, dns
		for _, text := range uris {
			uri, err := url.Parse(text)
			if err != nil {
				panic(err)
			}
			t.URIs = append(t.URIs, uri)
		}
	})
}

// audienceCases returns the cases for rule 7.4.
func audienceCases() []Case {
	cases := []Case{{name: "aud_absent", rules: "7.4", edit: dropClaim("aud"), want: stapled.AudienceMismatch}}
	for i, aud := range []string{`""`, `"other"`, `"Orders"`, `"orders "`, `"order"`, `"orders2"`, `"orders,other"`, `"[\"orders\"]"`, `[]`, `["other"]`, `["other","ORDERS"]`, `[""]`,
		`"payments orders"`, `["order","s"]`} {
		cases = append(cases, Case{name: fmt.Sprintf("aud_of_another_%d", i+1), rules: "7.4", comment: "aud is " + aud + ".",
			edit: claim("aud", literal(aud)), want: stapled.AudienceMismatch})
	}
	for i, aud := range []string{`"orders"`, `["orders"]`, `["other","orders"]`, `["orders","orders"]`, `[ "a" , "b" , "c" , "d" , "e" , "orders" ]`, `"\u006frders"`, `["\u006frders"]`} {
		cases = append(cases, Case{name: fmt.Sprintf("aud_of_the_verifier_%d", i+1), rules: "7.4", comment: "aud is " + aud + ".", edit: claim("aud", literal(aud))})
	}
	return append(cases, Case{name: "aud_of_a_verifier_of_another_audience", rules: "7.4",
		policy: func(p *Policy) { p.Audience = "https://orders.example/" }, want: stapled.AudienceMismatch})
}

// presenceCases returns the cases for rule 7.5.
func presenceCases() []Case {
	minute := time.Minute
	cases := []Case{
		{name: "exp_absent", edit: dropClaim("exp")},
		{name: "nbf_absent", edit: dropClaim("nbf")},
		{name: "iat_absent", edit: dropClaim("iat")},
		{name: "jti_absent", edit: dropClaim("jti")},
		{name: "jti_empty", edit: claim("jti", "")},
		{name: "exp_at_iat", edit: times(minute, -minute, minute)},
		{name: "exp_before_iat", edit: times(2*minute, -minute, minute)},
		{name: "exp_at_nbf", edit: times(-minute, minute, minute)},
		{name: "exp_before_nbf", edit: times(-minute, 2*minute, minute)},
		{name: "exp_before_iat_and_after_nbf", edit: times(minute/2, 0, minute/3)},
		{name: "exp_before_nbf_and_after_iat", edit: times(0, minute/2, minute/3)},
		{name: "exp_at_iat_and_after_nbf", edit: times(minute/2, 0, minute/2)},
		{name: "exp_at_nbf_and_after_iat", edit: times(0, minute/2, minute/2)},
		{name: "exp_at_iat_and_at_nbf", edit: times(0, 0, 0)},
		{name: "no_claims", edit: edits(dropClaim("exp"), dropClaim("nbf"), dropClaim("iat"), dropClaim("jti"))},
	}
	for i := range cases {
		cases[i].rules, cases[i].want = "7.5", stapled.ClaimsInvalid
	}
	return cases
}

// lifetimeCases returns the cases for rules 7.6 to 7.8.
func lifetimeCases() []Case {
	second, minute, hour := time.Second, time.Minute, time.Hour
	leeway := func(p *Policy) { p.Leeway = 5 }
	limit := func(p *Policy) { p.MaxLifetime = 300 }
	const expired, early, invalid = stapled.TokenExpired, stapled.TokenNotYetValid, stapled.ClaimsInvalid
	return []Case{
		{name: "expired", rules: "7.6", edit: times(-2*minute, -2*minute, -second), want: expired, comment: "The leeway does not stretch exp."},
		{name: "expired_two_days_ago", rules: "7.6", edit: times(-48*hour, -48*hour, -47*hour-30*minute), want: expired},
		{name: "nbf_and_iat_beyond_the_leeway", rules: "7.7", edit: times(minute+second, minute+second, lifetime), want: early},
		{name: "longer_than_the_longest_lifetime_since_iat", rules: "7.8", edit: times(-59*minute, -59*minute, 2*minute), want: invalid},
		{name: "at_exp", rules: "7.6", edit: times(-2*minute, -2*minute, 0), want: expired},
		{name: "half_a_second_before_exp", rules: "7.6", at: -second / 2, edit: times(-2*minute, -2*minute, 0), freshUntil: until(0)},
		{name: "nbf_at_the_end_of_the_leeway", rules: "7.7", edit: times(0, minute, lifetime)},
		{name: "nbf_beyond_the_leeway", rules: "7.7", edit: times(0, minute+second, lifetime), want: early},
		{name: "iat_at_the_end_of_the_leeway", rules: "7.7", edit: times(minute, 0, lifetime)},
		{name: "iat_beyond_the_leeway", rules: "7.7", edit: times(minute+second, 0, lifetime), want: early},
		{name: "nbf_half_a_second_beyond_the_leeway", rules: "7.7", at: -second / 2, edit: times(0, minute, lifetime), want: early},
		{name: "nbf_at_the_end_of_a_short_leeway", rules: "7.7", policy: leeway, edit: times(0, 5*second, lifetime)},
		{name: "nbf_beyond_a_short_leeway", rules: "7.7", policy: leeway, edit: times(0, 6*second, lifetime), want: early},
		{name: "iat_beyond_a_short_leeway", rules: "7.7", policy: leeway, edit: times(6*second, 0, lifetime), want: early},
		{name: "iat_after_nbf", rules: "7.7", edit: times(-minute, -hour, lifetime)},
		{name: "the_longest_lifetime", rules: "7.8", edit: times(-minute, -minute, hour-minute), freshUntil: until(9 * minute)},
		{name: "longer_than_the_longest_lifetime", rules: "7.8", edit: times(-minute, -minute, hour-minute+second), want: invalid},
		{name: "the_longest_lifetime_counts_from_iat", rules: "7.8", edit: times(-minute, -hour, hour-minute), freshUntil: until(9 * minute)},
		{name: "the_longest_lifetime_of_a_strict_policy", rules: "7.8", policy: limit},
		{name: "longer_than_the_longest_lifetime_of_a_strict_policy", rules: "7.8", policy: limit, edit: times(-second, 0, lifetime), want: invalid},
	}
}
