// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

// failing is a rule that cannot be evaluated.
type failing struct{}

func (failing) Permits(gateway.Call) (bool, error) { return true, errors.New("no such claim") }
func (failing) String() string                     { return "failing" }

// onlyPath is a rule that looks at the path.
type onlyPath string

func (p onlyPath) Permits(c gateway.Call) (bool, error) { return c.Path == string(p), nil }
func (p onlyPath) String() string                       { return "path " + string(p) }

// protected is a route for this path and below.
func protected(name, prefix string, edit func(*gateway.Route)) gateway.Route {
	r := gateway.Route{Name: name, Prefix: prefix, Verifier: verifyFunc(acceptAll), Allow: []gateway.Rule{gateway.Anyone}}
	if edit != nil {
		edit(&r)
	}
	return r
}

type policyRow struct {
	name    string
	route   gateway.Route
	request string
	status  string
	reason  stapled.Reason
}

// policyRows are refusals that only a policy causes.
func policyRows() []policyRow {
	const good = "Authorization: Bearer good.good.good"
	allow := func(rules ...gateway.Rule) gateway.Route {
		return protected("orders", "/", func(r *gateway.Route) { r.Allow = rules })
	}
	return []policyRow{
		{"no route", protected("other", "/other", nil), get(good), "403 Forbidden", stapled.RouteMissing},
		{"no route, no token", protected("other", "/other", nil), get(), "403 Forbidden", stapled.RouteMissing},
		{"no rule lets in", allow(gateway.Issuer("spiffe://test.example/other")), get(good), "403 Forbidden", stapled.PolicyDenied},
		{"no name lets in nobody's", allow(gateway.Issuer("")), get(good), "403 Forbidden", stapled.PolicyDenied},
		{"a rule fails", allow(failing{}, gateway.Issuer("x")), get(good), "403 Forbidden", stapled.PolicyFailed},
		{"a claim is missing", protected("orders", "/", func(r *gateway.Route) { r.Claims = []string{"role"} }), get(good), "403 Forbidden", stapled.PolicyDenied},
		{"path that is not canonical", allow(gateway.Anyone), strings.Replace(get(good), "/orders?", "/x/../orders?", 1), "400 Bad Request", stapled.PathRejected},
		{"two hosts from the proxy in front", allow(gateway.Anyone), get(good, "X-Forwarded-Host: a", "X-Forwarded-Host: b"), "400 Bad Request", stapled.ForwardedRejected},
	}
}

func TestPolicyRefusals(t *testing.T) {
	for _, row := range policyRows() {
		t.Run(row.name, func(t *testing.T) {
			var log logBuffer
			var observer outcomes
			g := newGateway(t, gateway.Config{
				Routes: []gateway.Route{row.route}, Logger: log.logger(), Observer: &observer,
				FrontProxies: gateway.FrontProxies{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}},
			})
			server := serve(t, g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") })))
			got := exchange(t, server, row.request)
			if !strings.HasPrefix(got, "HTTP/1.1 "+row.status+"\r\n") || strings.Contains(got, "Www-Authenticate") || !strings.Contains(got, "no-store") {
				t.Errorf("response: %q", got)
			}
			server.Close()
			observer.check(t, string(row.reason))
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "reason="+string(row.reason)+" ") || !strings.Contains(got, "method=GET") {
				t.Errorf("log: %s", got)
			}
		})
	}
}

func TestRoutesAreChecked(t *testing.T) {
	routes := func(list ...gateway.Route) []gateway.Route { return list }
	edited := func(edit func(*gateway.Route)) []gateway.Route { return routes(protected("orders", "/orders", edit)) }
	open := func(edit func(*gateway.Route)) []gateway.Route {
		r := gateway.Route{Name: "open", Prefix: "/open", Open: true}
		edit(&r)
		return routes(r)
	}
	for _, row := range []struct {
		name   string
		routes []gateway.Route
		err    string
	}{
		{"good", edited(nil), ""},
		{"good preflight", open(func(r *gateway.Route) { r.Preflight = true }), ""},
		{"none", []gateway.Route{}, "no routes"},
		{"the zero route", routes(gateway.Route{}), "route 1: it has no Name"},
		{"same name", routes(protected("a", "/a", nil), protected("a", "/b", nil)), `route "a": two routes have this name`},
		{"no hosts", edited(func(r *gateway.Route) { r.Hosts = []string{} }), "Hosts is an empty list"},
		{"host in upper case", edited(func(r *gateway.Route) { r.Hosts = []string{"A.example"} }), `write "a.example"`},
		{"host with a port", edited(func(r *gateway.Route) { r.Hosts = []string{"a.example:80"} }), `write "a.example"`},
		{"host with a dot at the end", edited(func(r *gateway.Route) { r.Hosts = []string{"a.example."} }), `write "a.example"`},
		{"host with a wildcard", edited(func(r *gateway.Route) { r.Hosts = []string{"*.example"} }), "not a host"},
		{"empty host", edited(func(r *gateway.Route) { r.Hosts = []string{""} }), "not a host"},
		{"host twice", edited(func(r *gateway.Route) { r.Hosts = []string{"a", "a"} }), "listed twice"},
		{"neither path nor prefix", edited(func(r *gateway.Route) { r.Prefix = "" }), "neither Path nor Prefix"},
		{"path and prefix", edited(func(r *gateway.Route) { r.Path = "/a" }), "give one of them"},
		{"prefix that ends with a slash", edited(func(r *gateway.Route) { r.Prefix = "/a/" }), `write "/a"`},
		{"path that is not canonical", edited(func(r *gateway.Route) { r.Path, r.Prefix = "/a/../b", "" }), "dot segments"},
		{"path without a slash", edited(func(r *gateway.Route) { r.Prefix = "a" }), "does not begin with a slash"},
		{"no methods", edited(func(r *gateway.Route) { r.Methods = []string{} }), "Methods is an empty list"},
		{"method that is no token", edited(func(r *gateway.Route) { r.Methods = []string{"G T"} }), "not a method"},
		{"method in lower case", edited(func(r *gateway.Route) { r.Methods = []string{"get"} }), "write GET"},
		{"method twice", edited(func(r *gateway.Route) { r.Methods = []string{"GET", "GET"} }), "listed twice"},
		{"no verifier", edited(func(r *gateway.Route) { r.Verifier = nil }), "has no Verifier and is not Open"},
		{"nil verifier in the interface", edited(func(r *gateway.Route) { r.Verifier = (*verifier.Verifier)(nil) }), "has no Verifier"},
		{"nobody may call", edited(func(r *gateway.Route) { r.Allow = nil }), "no rule in Allow"},
		{"an empty list may call", edited(func(r *gateway.Route) { r.Allow = []gateway.Rule{} }), "no rule in Allow"},
		{"nil rule", edited(func(r *gateway.Route) { r.Allow = []gateway.Rule{nil} }), "is nil"},
		{"no claims", edited(func(r *gateway.Route) { r.Claims = []string{} }), "Claims is an empty list"},
		{"empty claim", edited(func(r *gateway.Route) { r.Claims = []string{""} }), "claim"},
		{"unknown binding", edited(func(r *gateway.Route) { r.Bind = 7 }), "use Unbound or BindTLS"},
		{"bound, and any path", edited(func(r *gateway.Route) { r.Bind, r.UnsafeRawPath = gateway.BindTLS, true }), "UnsafeRawPath"},
		{"open with a verifier", open(func(r *gateway.Route) { r.Verifier = verifyFunc(acceptAll) }), "give one of them"},
		{"open with rules", open(func(r *gateway.Route) { r.Allow = []gateway.Rule{gateway.Anyone} }), "leave out Allow"},
		{"open with claims", open(func(r *gateway.Route) { r.Claims = []string{"a"} }), "leave them out"},
		{"open and bound", open(func(r *gateway.Route) { r.Bind = gateway.BindTLS }), "leave them out"},
		{"preflight that is not open", edited(func(r *gateway.Route) { r.Preflight = true }), "set Open"},
		{"preflight with methods", open(func(r *gateway.Route) { r.Preflight, r.Methods = true, []string{"GET"} }), "leave out Methods"},
		{"covered by everything", routes(protected("all", "/", nil), protected("a", "/a", nil)), `route "a" can never match: route "all"`},
		{"covered by a prefix", routes(protected("a", "/a", nil), protected("ab", "/a/b", nil)), "can never match"},
		{"covered by the same path, encoded", routes(protected("a", "/a:b", nil), protected("b", "/a%3Ab", nil)), "can never match"},
		{"covered by more methods", routes(protected("a", "/", func(r *gateway.Route) { r.Methods = []string{"GET", "PUT"} }),
			protected("b", "/", func(r *gateway.Route) { r.Methods = []string{"PUT"} })), "can never match"},
		{"covered preflight", routes(protected("a", "/", func(r *gateway.Route) { r.Methods = []string{"OPTIONS"} }),
			gateway.Route{Name: "b", Prefix: "/", Open: true, Preflight: true}), "can never match"},
		{"not covered: another method", routes(protected("a", "/", func(r *gateway.Route) { r.Methods = []string{"GET"} }), protected("b", "/", nil)), ""},
		{"not covered: another host", routes(protected("a", "/", func(r *gateway.Route) { r.Hosts = []string{"a"} }), protected("b", "/", nil)), ""},
		{"not covered: a preflight is not everything", routes(gateway.Route{Name: "a", Prefix: "/", Open: true, Preflight: true}, protected("b", "/", nil)), ""},
		{"not covered: one path", routes(protected("a", "", func(r *gateway.Route) { r.Path = "/a" }), protected("b", "/a", nil)), ""},
		{"not covered: a neighbor", routes(protected("a", "/a", nil), protected("b", "/ab", nil)), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			g, err := gateway.New(gateway.Config{Routes: row.routes})
			checkError(t, err, row.err)
			if (g == nil) != (row.err != "") {
				t.Errorf("got a gateway %t beside %v", g != nil, err)
			}
			// A policy that is refused changes nothing.
			if row.err != "" {
				g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
				checkError(t, g.SetRoutes(row.routes), row.err)
				if _, refusal := g.Decide(t.Context(), credentials("Bearer a.b.c")); refusal != nil {
					t.Errorf("refused: %+v", refusal)
				}
			}
		})
	}
}

// TestRefusalsNameTheCaller: after a token was accepted, the refusal says whose it
// was, and the event has it.
func TestRefusalsNameTheCaller(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(*gateway.Route)
		want string
	}{
		{"not a caller", func(r *gateway.Route) { r.Allow = []gateway.Rule{gateway.Issuer("https://b")} }, " is not one of the callers: https://b"},
		{"no claim", func(r *gateway.Route) { r.Claims = []string{"absent"} }, `: the token has no claim "absent"`},
		{"not bound", func(r *gateway.Route) { r.Bind = gateway.BindTLS }, ": the route is bound to TLS"},
	} {
		var seen gateway.Event
		g := newGateway(t, gateway.Config{Observer: observe(func(e gateway.Event) { seen = e }), Routes: []gateway.Route{protected("a", "/", row.edit)}})
		request := credentials("Bearer a.b.c")
		request.Target.Path = "/"
		_, refusal := g.Decide(t.Context(), request)
		if refusal == nil || !strings.HasPrefix(refusal.Detail, "iss \"") || !strings.Contains(refusal.Detail, row.want) || !strings.Contains(refusal.Detail, "(certificate "+seen.Token.Identity()+")") {
			t.Errorf("%s: %+v", row.name, refusal)
		}
		e := g.Explain(request)
		if seen.Token.Issuer() == "" || e.Issuer != seen.Token.Issuer() || e.Identity == "" {
			t.Errorf("%s: event %+v, explained %+v", row.name, seen, e)
		}
	}
}

type observe func(gateway.Event)

func (o observe) Observe(e gateway.Event) { o(e) }

// TestRouting: the first route that matches decides, and no spelling of a
// request reaches another.
func TestRouting(t *testing.T) {
	g := newGateway(t, gateway.Config{Routes: []gateway.Route{
		{Name: "preflight", Prefix: "/", Open: true, Preflight: true},
		protected("host", "/", func(r *gateway.Route) { r.Hosts = []string{"admin.example"} }),
		protected("colon", "", func(r *gateway.Route) { r.Path = "/a:b" }),
		protected("slash", "", func(r *gateway.Route) { r.Path = "/s/" }),
		protected("raw", "/raw", func(r *gateway.Route) { r.UnsafeRawPath = true }),
		protected("admin", "/admin", nil),
		protected("read", "/", func(r *gateway.Route) { r.Methods = []string{"GET"} }),
	}})
	request := func(edit func(*gateway.Request)) gateway.Request {
		r := gateway.Request{Method: "GET", Target: gateway.Target{Host: "api.example", Path: "/"}, Credentials: []string{"Bearer a.b.c"}}
		edit(&r)
		return r
	}
	path := func(path string) gateway.Request { return request(func(r *gateway.Request) { r.Target.Path = path }) }
	host := func(host string) gateway.Request { return request(func(r *gateway.Request) { r.Target.Host = host }) }
	type row struct {
		name    string
		request gateway.Request
		route   string
		reason  stapled.Reason
	}
	rows := []row{
		{"everything", path("/x"), "read", ""},
		{"the empty path", path(""), "read", ""},
		{"prefix", path("/admin"), "admin", ""},
		{"below the prefix", path("/admin/"), "admin", ""},
		{"beside the prefix", path("/administrator"), "read", ""},
		{"exact", path("/a:b"), "colon", ""},
		{"exact, encoded", path("/a%3Ab"), "colon", ""},
		{"exact, and more", path("/a:b/"), "read", ""},
		{"exact, with a slash", path("/s/"), "slash", ""},
		{"exact, without it", path("/s"), "read", ""},
		{"encoded once", path("/%25admin"), "read", ""},
		{"beyond ASCII, encoded", path("/%C3%A9"), "read", ""},
		{"raw", path("/raw/a%2Fb"), "raw", ""},
		{"raw, nearly", path("/raw%2Fb"), "", stapled.PathRejected},
		{"host", host("admin.example"), "host", ""},
		{"host in upper case", host("ADMIN.example"), "host", ""},
		{"host with a port", host("admin.example:8443"), "host", ""},
		{"host with a dot at the end", host("admin.example.:443"), "host", ""},
		{"host with two ports", host("admin.example:80:80"), "", stapled.RouteMissing},
		{"two hosts", host("admin.example,api.example"), "", stapled.RouteMissing},
		{"host after a user", host("x@admin.example"), "", stapled.RouteMissing},
		{"no host", host(""), "read", ""},
		{"address", host("[::1]:80"), "read", ""},
		{"another method", request(func(r *gateway.Request) { r.Method = "POST" }), "", stapled.RouteMissing},
		{"method in lower case", request(func(r *gateway.Request) { r.Method = "get" }), "", stapled.RouteMissing},
		{"preflight", request(func(r *gateway.Request) { r.Method, r.Preflight, r.Credentials = "OPTIONS", true, nil }), "preflight", ""},
		{"OPTIONS that is no preflight", request(func(r *gateway.Request) { r.Method = "OPTIONS" }), "", stapled.RouteMissing},
	}
	for _, p := range []string{
		"/x/../admin", "/x/%2e%2e/admin", "/x/%2E%2E/admin", "/./admin", "/admin/.", "/x/..", "//admin", "/x//y", `/x\admin`, "/admin;a=b", "/x;/admin", "/..;/admin",
		"/x%2Fadmin", "/x%5Cadmin", "/admin%00", "/%61dmin", "/%3b%3B/a", "/a%3ab", "/%c3%a9", "/é", "/%", "/%2", "/%zz", "/a b", "/a|b", "/a#b", "/a?b", "admin", "*", "/\x00", "/[x]",
	} {
		rows = append(rows, row{"not canonical " + p, path(p), "", stapled.PathRejected})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			grant, refusal := g.Decide(t.Context(), row.request)
			switch {
			case refusal != nil && refusal.Reason != row.reason, refusal == nil && row.reason != "":
				t.Errorf("refused with %+v, want %q", refusal, row.reason)
			case grant.Route() != row.route:
				t.Errorf("the route is %q, want %q", grant.Route(), row.route)
			}
			// What is explained is what is decided.
			e := g.Explain(row.request)
			if e.Reason != row.reason || e.Grant.Route() != row.route || (e.Status == 200) != (row.reason == "") || len(e.Steps) == 0 && row.reason != stapled.PathRejected {
				t.Errorf("explained as %+v", e)
			}
		})
	}
}

// A rule sees one spelling of a path: what it compares is what an upstream
// serves.
func TestRulesSeeTheDecodedPath(t *testing.T) {
	g := newGateway(t, gateway.Config{Routes: []gateway.Route{
		protected("all", "/", func(r *gateway.Route) { r.Allow = []gateway.Rule{onlyPath("/a:b")} }),
	}})
	for path, status := range map[string]int{"/a:b": 200, "/a%3Ab": 200, "/a%3ab": 400, "/x": 403} {
		if e := g.Explain(gateway.Request{Credentials: []string{"Bearer a.b.c"}, Target: gateway.Target{Path: path}}); e.Status != status {
			t.Errorf("%s: %+v", path, e)
		}
	}
}
