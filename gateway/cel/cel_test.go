// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// newCall returns the call of a token with these claims.
func newCall(tb testing.TB, extra string) gateway.Call {
	tb.Helper()
	ca := stapledtest.NewCA(tb)
	anchors, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: ca.Anchors().Certificates(), Label: "internal"})
	if err != nil {
		tb.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "billing", Now: ca.Clock.Now})
	if err != nil {
		tb.Fatal(err)
	}
	orders := ca.Identity("https://orders.internal", "orders.internal")
	token, err := v.Verify(ca.Token(orders, issuer.Claims{
		Audience: []string{"billing", "ledger"}, Subject: "alice", Extra: json.RawMessage(extra),
	}))
	if err != nil {
		tb.Fatal(err)
	}
	return gateway.Call{Token: token, Path: "/v1/invoices/é", Request: gateway.Request{
		Method: "POST", RemoteAddr: "192.0.2.7:4711",
		Target: gateway.Target{Scheme: "https", Host: "API.example:8443", Path: "/v1/invoices/%C3%A9", RawQuery: "secret=1"},
	}}
}

const claims = `{
	"roles": ["reader", "writer"], "mixed": ["reader", 1], "empty": [], "role": "reader", "admin": true, "none": null,
	"level": 3, "share": 0.5, "round": 3.0, "zero": -0, "max": 9007199254740991, "min": -9007199254740991,
	"huge": 9007199254740992, "tiny": -9007199254740992, "immense": 123456789012345678901234567890, "infinite": 1e999,
	"list": [1, 9007199254740993], "nested": {"a": {"b": ["c"]}}, "https://example.com/tenant": "t1"
}`

func TestConditions(t *testing.T) {
	call := newCall(t, claims)
	for expression, want := range map[string]string{
		// The example of the package.
		`token.issuer == "https://orders.internal" && request.method == "POST"`: "true",
		`token.issuer == "https://orders.internal" && request.method == "GET"`:  "false",
		// Every field.
		`token.identity == "https://orders.internal"`:                                  "true",
		`token.names == ["https://orders.internal", "orders.internal"]`:                "true",
		`token.subject == "alice"`:                                                     "true",
		`token.id != ""`:                                                               "true",
		`token.audience == ["billing", "ledger"] && "billing" in token.audience`:       "true",
		`token.expires_at - token.issued_at <= duration("5m")`:                         "true",
		`token.expires_at < timestamp("2020-01-01T00:00:00Z")`:                         "false",
		`token.anchor == "internal"`:                                                   "true",
		`request.scheme == "https" && request.host == "api.example"`:                   "true",
		`request.path.startsWith("/v1/invoices/") && request.path == "/v1/invoices/é"`: "true",
		`request.remote_address == "192.0.2.7"`:                                        "true",
		// Claims.
		`token.claims.role == "reader"`:                        "true",
		`token.claims.admin == true`:                           "true",
		`token.claims["https://example.com/tenant"] == "t1"`:   "true",
		`token.claims.nested.a.b[0] == "c"`:                    "true",
		`token.claims.none == null`:                            "true",
		`has(token.claims.role) && !has(token.claims.other)`:   "true",
		`token.claims.roles.exists(r, r == "writer")`:          "true",
		`token.claims.other == "x"`:                            "error: no such key: other",
		`token.claims.role > 1`:                                "error: no such overload",
		`token.claims.role.nested == 1`:                        "error",
		`has(token.claims.other) && token.claims.other == "x"`: "false",
		`!(token.claims.other == "x")`:                         "error: no such key: other",
		`token.claims.role.matches("^read")`:                   "true",
		`token.claims.admin && true`:                           "true",
		`token.claims.role && true`:                            "error: no such overload",
		`token.claims.size() > 3`:                              "true",
		`token.claims.exists(name, name == "admin")`:           "true",
		// Numbers.
		`token.claims.level == 3 && type(token.claims.level) == int`:     "true",
		`token.claims.share < 1.0 && type(token.claims.share) == double`: "true",
		`type(token.claims.round) == double && token.claims.round == 3`:  "true",
		`token.claims.zero == 0`: "true",
		`token.claims.max == 9007199254740991 && token.claims.min == -9007199254740991`: "true",
		`token.claims.huge > 0`:                             "error: an integer in a claim is beyond ±(2^53-1)",
		`token.claims.tiny < 0`:                             "error: an integer in a claim is beyond",
		`token.claims.immense > 0`:                          "error: an integer in a claim is beyond",
		`token.claims.infinite > 0.0`:                       "error: a number in a claim is too large",
		`token.claims.huge > 0 || true`:                     "error: an integer in a claim is beyond",
		`token.claims.list == [1, 2]`:                       "error: an integer in a claim is beyond",
		`[token.claims.list] == [[1, 2]]`:                   "error: an integer in a claim is beyond",
		`token.claims == {"a": 1}`:                          "false",
		`2 in token.claims.list`:                            "error: an integer in a claim is beyond",
		`has(token.claims.huge) && token.claims.level == 3`: "true",
		// Lists of strings.
		`"writer" in token.strings("roles")`:             "true",
		`token.strings("roles") == ["reader", "writer"]`: "true",
		`token.strings("empty").size() == 0`:             "true",
		`"reader" in token.strings("mixed")`:             `error: the claim "mixed" has an element that is not a string`,
		`"reader" in token.strings("role")`:              `error: the claim "role" is not an array`,
		`"reader" in token.strings("none")`:              `error: the claim "none" is not an array`,
		`"reader" in token.strings("other")`:             `error: the token has no claim "other"`,
		`"t1" in token.strings(token.subject)`:           `error: the token has no claim "alice"`,
		// The language.
		`[1, 2][5] == 1`:             "error",
		`1 / 0 == 1`:                 "error: division by zero",
		`token == token`:             "true",
		`dyn(token) == dyn(request)`: "false",
		`true`:                       "true",
	} {
		t.Run(expression, func(t *testing.T) {
			rule, err := Compile(expression)
			if err != nil {
				t.Fatal(err)
			}
			if rule.String() != expression {
				t.Errorf("String() = %q", rule.String())
			}
			permitted, err := rule.Permits(call)
			got := fmt.Sprint(permitted)
			if err != nil {
				got = "error: " + err.Error()
				if permitted {
					t.Error("permitted beside an error")
				}
			}
			if !strings.HasPrefix(got, want) || err == nil && got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestRefusedWhenCompiled(t *testing.T) {
	for expression, want := range map[string]string{
		"":                                       "write true to let in every accepted token",
		" \n":                                    "write true to let in every accepted token",
		`token.isuer == "x"`:                     `line 1, column 6: undefined field 'isuer'; a condition can read token (anchor, audience,`,
		"true &&\n  tokn.issuer == ''":           `line 2, column 3: undeclared reference to 'tokn' (did you mean 'token'?); a condition can read token (`,
		`request.headers["x"] == ""`:             `undefined field 'headers'`,
		`request.query == ""`:                    `undefined field 'query'`,
		`token.issuer == 1`:                      `line 1, column 14: found no matching overload for '_==_' applied to '(string, int)'; both sides must have the same type`,
		`token.issuer && true`:                   `expected type 'bool' but found 'string'`,
		`token.issuer`:                           `the condition is a string: compare it`,
		`token`:                                  `the condition is a token: compare it`,
		`token.claims.admin`:                     `token.claims.admin == true`,
		`true ? token.claims.a : token.claims.b`: `token.claims.admin == true`,
		`token.issuer = "x"`:                     `write == to compare`,
		`token.issuer == "x`:                     `line 1, column 17: Syntax error`,
		`token{issuer: "x"}.issuer == "x"`:       `line 1, column 6: a condition cannot make a token`,
		`google.protobuf.BoolValue{value: true} == true`:             `a condition cannot make a google.protobuf.BoolValue`,
		`now() > token.issued_at`:                                    `undeclared reference to 'now'`,
		`token.issued_at.getHours("Europe/Vienna") == 3`:             `undeclared reference to 'getHours'`,
		`token.issuer.matches("(")`:                                  `invalid matches argument`,
		`token.issuer.matches(token.subject)`:                        `the pattern of matches is not a literal`,
		`matches(token.issuer, "a" + "b")`:                           `the pattern of matches is not a literal`,
		`token.issuer.matches("(((a{100}){100}){100})")`:             `matches`,
		`token.strings(1) == []`:                                     `found no matching overload`,
		`duration("x") == duration("1s")`:                            `invalid duration argument`,
		`token.claims.a.exists(x, token.claims.b.exists(y, x == y))`: `could cost`,
		`"` + strings.Repeat("a", MaxExpression) + `" == ""`:         `expression code point size exceeds limit`,
		strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200): `recursion`,
	} {
		t.Run(expression[:min(len(expression), 60)], func(t *testing.T) {
			rule, err := Compile(expression)
			if err == nil {
				t.Fatal("compiled")
			}
			if rule != nil {
				t.Error("a rule beside an error")
			}
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q, want %q", err, want)
			}
		})
	}
}

// TestLargestToken: what compiles stays within the limit for the largest token,
// whatever its claims are.
func TestLargestToken(t *testing.T) {
	roles := `{"roles": ["` + strings.Repeat(`x","`, 1200) + `admin"]}`
	call := newCall(t, roles)
	for _, expression := range []string{
		`"admin" in token.strings("roles")`,
		`token.claims.roles.exists(r, r == "admin")`,
		`token.strings("roles").exists(r, r in ["admin", "root"]) || token.strings("roles").size() > 5000`,
		`token.claims.roles.exists(r, r.startsWith("adm") && r.endsWith("in"))`,
	} {
		rule, err := Compile(expression)
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		permitted, spent, err := rule.(*condition).evaluate(call)
		if err != nil || !permitted {
			t.Errorf("%s: %v, %v", expression, permitted, err)
		}
		if spent < 1000 || spent > CostLimit/10 {
			t.Errorf("%s: cost %d", expression, spent)
		}
	}
}

// TestRunTimeLimit: the limit holds also if the estimate were wrong.
func TestRunTimeLimit(t *testing.T) {
	call := newCall(t, `{"roles": ["`+strings.Repeat(`x","`, 1200)+`admin"]}`)
	rule, err := compile(`token.claims.roles.all(r, token.claims.roles.exists(s, s == "admin"))`, 1<<62, CostLimit)
	if err != nil {
		t.Fatal(err)
	}
	if permitted, err := rule.Permits(call); permitted || err == nil || !strings.Contains(err.Error(), "cost limit exceeded") {
		t.Errorf("%v, %v", permitted, err)
	}
}

// spy is a rule that looks at the claims that the rules share.
type spy func(map[string]any)

func (s spy) Permits(call gateway.Call) (bool, error) {
	claims, err := call.Claims()
	s(claims)
	return false, err
}
func (spy) String() string { return "spy" }

// TestClaimsAreDecodedOnce, for all rules of a decision: each sees what another
// has left in the map.
func TestClaimsAreDecodedOnce(t *testing.T) {
	ca := stapledtest.NewCA(t)
	first, err := Compile(`token.claims.level == 1`)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Compile(`token.claims.mark == "from another rule"`)
	if err != nil {
		t.Fatal(err)
	}
	mark := spy(func(claims map[string]any) { claims["mark"] = "from another rule" })
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{
		{Name: "all", Prefix: "/", Verifier: ca.Verifier("billing"), Allow: []gateway.Rule{first, mark, second}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	token := ca.Token(ca.Identity("https://orders.internal"), issuer.Claims{Audience: []string{"billing"}})
	request := gateway.Request{Method: "GET", Credentials: []string{"Bearer " + token}, Target: gateway.Target{Scheme: "https", Host: "x", Path: "/"}}
	if _, refusal := g.Decide(t.Context(), request); refusal != nil {
		t.Errorf("%+v", refusal)
	}
}

// TestPolicyFailed: a condition that cannot be evaluated refuses, and another
// rule can still let in.
func TestPolicyFailed(t *testing.T) {
	ca := stapledtest.NewCA(t)
	token := ca.Token(ca.Identity("https://orders.internal"), issuer.Claims{Audience: []string{"billing"}})
	for expressions, want := range map[[2]string]stapled.Reason{
		{`token.claims.other == 1`, `false`}:                                     stapled.PolicyFailed,
		{`token.issuer == "x"`, `request.method == "PUT"`}:                       stapled.PolicyDenied,
		{`token.claims.other == 1`, `token.issuer == "https://orders.internal"`}: "",
	} {
		var rules []gateway.Rule
		for _, expression := range expressions {
			rule, err := Compile(expression)
			if err != nil {
				t.Fatal(err)
			}
			rules = append(rules, rule)
		}
		g, err := gateway.New(gateway.Config{Routes: []gateway.Route{{Name: "all", Prefix: "/", Verifier: ca.Verifier("billing"), Allow: rules}}})
		if err != nil {
			t.Fatal(err)
		}
		_, refusal := g.Decide(t.Context(), gateway.Request{Method: "GET", Credentials: []string{"Bearer " + token}, Target: gateway.Target{Scheme: "https", Host: "x", Path: "/"}})
		switch {
		case refusal == nil && want != "":
			t.Errorf("%v: let in", expressions)
		case refusal != nil && (refusal.Reason != want || refusal.Status != 403):
			t.Errorf("%v: %+v", expressions, refusal)
		}
	}
}

// TestZeroToken: there are no claims, which is an error and no decision.
func TestZeroToken(t *testing.T) {
	rule, err := Compile(`token.claims.size() == 0`)
	if err != nil {
		t.Fatal(err)
	}
	if permitted, err := rule.Permits(gateway.Call{}); permitted || err == nil {
		t.Errorf("%v, %v", permitted, err)
	}
}

// TestHostIsAHost: what an upstream could read as another host is an error.
func TestHostIsAHost(t *testing.T) {
	rule, err := Compile(`request.host == "admin.example" || request.host != "other.example"`)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"admin.example": true, "ADMIN.example.:443": true,
		"admin.example:x": false, "admin.example:80:80": false, "admin.example/x": false, "a, b": false, "[::1": false,
	} {
		call := newCall(t, "{}")
		call.Request.Target.Host = host
		if permitted, err := rule.Permits(call); permitted != want || (err == nil) != want {
			t.Errorf("%q: %v, %v", host, permitted, err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	call := newCall(t, claims)
	rule, err := Compile(`token.claims.roles.exists(r, r == "writer") && "reader" in token.strings("roles") && token.issuer.matches("^https")`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if permitted, err := rule.Permits(call); !permitted || err != nil {
					t.Errorf("%v, %v", permitted, err)
				}
			}
		})
	}
	wg.Wait()
}
