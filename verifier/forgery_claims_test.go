// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/json"
	"net"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// iss is T12 for the leaf of the world, which has the URI
// spiffe://test.example/client and the DNS name client.test.example.
func iss(name, value string) forgery {
	return forgery{row: "T12", name: name, want: stapled.IssuerMismatch, edit: setClaim("iss", value)}
}

// issuerForgeries are T12: iss does not name the leaf.
var issuerForgeries = []forgery{
	{row: "T12", name: "absent", want: stapled.IssuerMismatch, edit: dropClaim("iss")},
	iss("empty", ""),
	iss("other", "spiffe://test.example/admin"),
	iss("prefix", "spiffe://test.example/clien"),
	iss("suffix", "test.example/client"),
	iss("URI with more path", "spiffe://test.example/client/admin"),
	iss("URI with a trailing slash", "spiffe://test.example/client/"),
	iss("SAN of another leaf", "spiffe://test.example/other"),
	iss("DNS name of another leaf", "https://other.test.example"),
	iss("URI scheme in another case", "SPIFFE://test.example/client"),
	iss("URI path in another case", "spiffe://test.example/Client"),
	iss("DNS name in another case", "https://Client.test.example"),
	iss("bare DNS name in another case", "CLIENT.test.example"),
	iss("https in another case", "HTTPS://client.test.example"),
	iss("trailing dot", "https://client.test.example."),
	iss("bare trailing dot", "client.test.example."),
	iss("percent-encoded URI", "spiffe://test.example/%63lient"),
	iss("percent-encoded DNS name", "https://%63lient.test.example"),
	iss("percent-encoded slash", "https://client.test.example%2f"),
	iss("userinfo before another host", "https://client.test.example@evil.example"),
	iss("userinfo before the host", "https://evil@client.test.example"),
	iss("userinfo with a password", "https://client.test.example:x@evil.example/"),
	iss("port", "https://client.test.example:443"),
	iss("port and path", "https://client.test.example:8443/a"),
	iss("http", "http://client.test.example"),
	iss("no scheme but slashes", "//client.test.example"),
	iss("subdomain of another", "https://client.test.example.evil.example"),
	iss("label before", "https://evil.client.test.example"),
	iss("parent domain", "https://test.example"),
	iss("query", "https://client.test.example?a"),
	iss("fragment", "https://client.test.example#a"),
	iss("query after a path", "https://client.test.example/?a"),
	iss("backslash", `https://client.test.example\@evil.example`),
	iss("backslash in the path", `https://client.test.example/\`),
	iss("space in the path", "https://client.test.example/ a"),
	iss("control character in the path", "https://client.test.example/\x01"),
	iss("not ASCII in the path", "https://client.test.example/é"),
	iss("leading space", " spiffe://test.example/client"),
	iss("trailing space", "spiffe://test.example/client "),
	iss("trailing NUL", "spiffe://test.example/client\x00"),
	iss("two values", "spiffe://test.example/client,spiffe://test.example/other"),
	iss("common name", "client"),
	{row: "T12", name: "null", want: stapled.ClaimsInvalid, edit: setClaim("iss", nil)},
	{row: "T12", name: "number", want: stapled.ClaimsInvalid, edit: setClaim("iss", 1)},
	{row: "T12", name: "array", want: stapled.ClaimsInvalid, edit: setClaim("iss", []string{"spiffe://test.example/client"})},
	{row: "T12", name: "name of a CA", want: stapled.IssuerMismatch, edit: setClaim("iss", "Intermediate")},
	{row: "T12", name: "host below a wildcard", want: stapled.IssuerMismatch, leaf: leafOf(named("", "*.test.example")), edit: setClaim("iss", "https://a.test.example")},
	{row: "T12", name: "the wildcard itself", want: stapled.IssuerMismatch, leaf: leafOf(named("", "*.test.example")), edit: setClaim("iss", "*.test.example")},
	{row: "T12", name: "URI in a DNS name", want: stapled.IssuerMismatch, leaf: leafOf(named("", "spiffe://test.example/other")), edit: setClaim("iss", "spiffe://test.example/other")},
	{row: "T12", name: "host and path in a DNS name", want: stapled.IssuerMismatch, leaf: leafOf(named("", "good.example/.test.example")), edit: setClaim("iss", "https://good.example/.test.example")},
	{row: "T12", name: "host and port in a DNS name", want: stapled.IssuerMismatch, leaf: leafOf(named("", "good.example:443")), edit: setClaim("iss", "https://good.example:443")},
	{row: "T12", name: "userinfo in a DNS name", want: stapled.IssuerMismatch, leaf: leafOf(named("", "good@evil.example")), edit: setClaim("iss", "https://good@evil.example")},
	{row: "T12", name: "leaf without names", want: stapled.IssuerMismatch, leaf: leafOf(named("", "")), edit: setClaim("iss", "client")},
	{row: "T12", name: "leaf without names and iss empty", want: stapled.IssuerMismatch, leaf: leafOf(named("", "")), edit: setClaim("iss", "")},
	{row: "T12", name: "e-mail address", want: stapled.IssuerMismatch, leaf: leafOf(named("", ""), func(t *testca.Template) {
		t.EmailAddresses = []string{"client@test.example"}
	}), edit: setClaim("iss", "client@test.example")},
	{row: "T12", name: "IP address", want: stapled.IssuerMismatch, leaf: leafOf(named("", ""), func(t *testca.Template) {
		t.IPAddresses = []net.IP{{192, 0, 2, 1}}
	}), edit: setClaim("iss", "https://192.0.2.1")},
	{row: "T12", name: "URI of the leaf as if it were a host", want: stapled.IssuerMismatch, leaf: leafOf(named("spiffe:client", "")), edit: setClaim("iss", "https://spiffe:client")},
	{row: "T12", name: "not among the issuers configured", want: stapled.IssuerMismatch,
		config: func(_ *world, cfg *Config) {
			cfg.Issuers = []string{"https://x.example", "spiffe://test.example/client"}
		},
		edit: setClaim("iss", "client.test.example")},
	{row: "T12", name: "configured, but of another leaf", want: stapled.IssuerMismatch,
		config: func(_ *world, cfg *Config) {
			cfg.Issuers = []string{"spiffe://test.example/other", "spiffe://test.example/client"}
		},
		edit: setClaim("iss", "spiffe://test.example/other")},
}

// aud is T13 for the audience "orders".
func aud(name string, want stapled.Reason, value any) forgery {
	return forgery{row: "T13", name: name, want: want, edit: setClaim("aud", value)}
}

// audienceForgeries are T13.
var audienceForgeries = []forgery{
	{row: "T13", name: "absent", want: stapled.AudienceMismatch, edit: dropClaim("aud")},
	aud("other", stapled.AudienceMismatch, "payments"),
	aud("empty", stapled.AudienceMismatch, ""),
	aud("prefix", stapled.AudienceMismatch, "order"),
	aud("longer", stapled.AudienceMismatch, "orders2"),
	aud("another case", stapled.AudienceMismatch, "Orders"),
	aud("white space", stapled.AudienceMismatch, "orders "),
	aud("list in a string", stapled.AudienceMismatch, "payments orders"),
	aud("JSON in a string", stapled.AudienceMismatch, `["orders"]`),
	aud("array without ours", stapled.AudienceMismatch, []string{"payments", "stock"}),
	aud("array of prefixes", stapled.AudienceMismatch, []string{"order", "s"}),
	aud("empty array", stapled.AudienceMismatch, []string{}),
	aud("number", stapled.ClaimsInvalid, 1),
	aud("null", stapled.ClaimsInvalid, nil),
	aud("true", stapled.ClaimsInvalid, true),
	aud("object", stapled.ClaimsInvalid, map[string]any{"orders": true}),
	aud("array of a number", stapled.ClaimsInvalid, []int{1}),
	aud("ours, then a number", stapled.ClaimsInvalid, []any{"orders", 1}),
	aud("ours, then null", stapled.ClaimsInvalid, []any{"orders", nil}),
	aud("ours in a nested array", stapled.ClaimsInvalid, [][]string{{"orders"}}),
	aud("ours, then 64 more", stapled.ClaimsInvalid, strings.Split("orders"+strings.Repeat(",a", 64), ",")),
}

func date(claim, name string, want stapled.Reason, value any) forgery {
	return forgery{row: "T14", name: claim + " " + name, want: want, edit: setClaim(claim, value)}
}

func unix(later time.Duration) int64 { return testca.Now.Add(later).Unix() }

// period sets iat and nbf, and exp.
func period(from, to time.Duration) edit {
	return func(_ *world, t *testca.Token) {
		t.Claims.Set("iat", unix(from))
		t.Claims.Set("nbf", unix(from))
		t.Claims.Set("exp", unix(to))
	}
}

// timeForgeries are T14 to T16: the times of the claims, and the clock.
var timeForgeries = append([]forgery{
	{row: "T14", name: "exp past", want: stapled.TokenExpired, edit: period(-10*time.Minute, -time.Second)},
	{row: "T14", name: "exp now", want: stapled.TokenExpired, edit: period(-10*time.Minute, 0)},
	{row: "T14", name: "exp long past", want: stapled.TokenExpired, edit: period(-48*time.Hour, -47*time.Hour-30*time.Minute)},
	{row: "T14", name: "exp beyond the lifetime cap", want: stapled.ClaimsInvalid, edit: period(0, time.Hour+time.Second)},
	{row: "T14", name: "exp beyond the lifetime cap since an old iat", want: stapled.ClaimsInvalid, edit: period(-59*time.Minute, 2*time.Minute)},
	{row: "T14", name: "exp beyond a configured cap", want: stapled.ClaimsInvalid, edit: period(0, 5*time.Minute+time.Second),
		config: func(_ *world, cfg *Config) { cfg.MaxLifetime = 5 * time.Minute }},
	date("exp", "in the year 9999", stapled.ClaimsInvalid, 253402300799),
	date("exp", "in the year 10000", stapled.ClaimsInvalid, 253402300800),
	date("exp", "before iat", stapled.ClaimsInvalid, unix(-time.Second)),
	date("exp", "zero", stapled.ClaimsInvalid, 0),
	{row: "T14", name: "exp at iat", want: stapled.ClaimsInvalid, edit: period(0, 0)},
	{row: "T14", name: "exp at nbf", want: stapled.ClaimsInvalid, edit: func(_ *world, t *testca.Token) { t.Claims.Set("nbf", t.Claims.Get("exp")) }},
	date("nbf", "future beyond the leeway", stapled.TokenNotYetValid, unix(61*time.Second)),
	date("iat", "future beyond the leeway", stapled.TokenNotYetValid, unix(61*time.Second)),
	{row: "T14", name: "nbf and iat future", want: stapled.TokenNotYetValid, edit: period(61*time.Second, 5*time.Minute)},
	{row: "T14", name: "nbf future beyond a configured leeway", want: stapled.TokenNotYetValid, edit: setClaim("nbf", unix(2*time.Second)),
		config: func(_ *world, cfg *Config) { cfg.Leeway = time.Second }},
	{row: "T14", name: "jti absent", want: stapled.ClaimsInvalid, edit: dropClaim("jti")},
	date("jti", "empty", stapled.ClaimsInvalid, ""),
	date("jti", "a number", stapled.ClaimsInvalid, 1),
	date("jti", "null", stapled.ClaimsInvalid, nil),
	date("sub", "a number", stapled.ClaimsInvalid, 1),
	date("sub", "null", stapled.ClaimsInvalid, nil),

	{row: "T15", name: "older than nextUpdate", want: stapled.StapleStale, base: setClaim("exp", unix(time.Hour)), later: 9*time.Minute + time.Second},
	{row: "T15", name: "older than nextUpdate, of the intermediate's staple", want: stapled.StapleStale, config: requireChain,
		base: func(w *world, t *testca.Token) {
			t.Claims.Set("exp", unix(time.Hour))
			t.Header.Set("ocsp", encodeStaples(
				w.leaf.Staple(func(r *testca.Response) { r.Singles[0].NextUpdate = testca.Now.Add(time.Hour) }),
				w.intermediate.Staple()))
		}, later: 9*time.Minute + time.Second},

	{row: "T16", name: "clock a day behind, certificate of today", want: stapled.CertificateNotYetValid, later: -24 * time.Hour},
	{row: "T16", name: "clock a day behind, staple of today", want: stapled.StapleNotYetValid, party: oldLeaf, later: -24 * time.Hour},
	{row: "T16", name: "clock a day behind, token of today", want: stapled.TokenNotYetValid, party: oldLeaf, later: -24 * time.Hour,
		config: func(_ *world, cfg *Config) { cfg.MaxStapleAge = 72 * time.Hour },
		base: func(w *world, t *testca.Token) {
			t.Header.Set("ocsp", encodeStaples(oldLeafParty.Staple(func(r *testca.Response) {
				r.ProducedAt = testca.Now.Add(-48 * time.Hour)
				r.Singles[0].ThisUpdate = r.ProducedAt
			})))
		}},
}, malformedDates()...)

var oldLeafParty = theWorld().intermediate.Leaf(testca.Valid(testca.Now.Add(-72*time.Hour), inAnHour))

func oldLeaf(*world) *testca.Party { return oldLeafParty }

// malformedDates are the ways not to write a NumericDate, for each claim.
func malformedDates() []forgery {
	var rows []forgery
	for _, claim := range []string{"exp", "nbf", "iat"} {
		rows = append(rows, forgery{row: "T14", name: claim + " absent", want: stapled.ClaimsInvalid, edit: dropClaim(claim)})
		for _, text := range []string{
			`"1772366700"`, `""`, `null`, `true`, `[]`, `{}`, `[1772366700]`, `1e400`, `-1e400`, `1772366700.0`, `1772366700.5`,
			`1.7723667e9`, `1772366700e0`, `-1`, `-0`, `-1772366700`, `99999999999999999999`, `18446744073709551616`,
			`9223372036854775807`, `1` + strings.Repeat("0", 400), `"NaN"`, `"2026-03-01T12:05:00Z"`,
		} {
			name := text
			if len(name) > 40 {
				name = name[:10] + " and so on"
			}
			rows = append(rows, forgery{row: "T14", name: claim + " is " + name, want: stapled.ClaimsInvalid, edit: setClaim(claim, json.RawMessage(text))})
		}
	}
	for i := range rows {
		rows[i].name = strings.NewReplacer(`"`, "quote", `-`, "minus ", `[`, "bracket", `{`, "brace").Replace(rows[i].name)
	}
	return rows
}
