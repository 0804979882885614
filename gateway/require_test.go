// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func TestRequire(t *testing.T) {
	routes := []gateway.Route{{Name: "open", Prefix: "/open", Open: true}, protected("all", "/", nil)}
	for _, row := range []struct {
		name, path string
		rules      []gateway.Rule
		status     int
		outcomes   []string
	}{
		{"let in", "/", []gateway.Rule{gateway.Issuer("x"), gateway.Issuer(testIssuer)}, 200, []string{"accepted"}},
		{"another issuer", "/", []gateway.Rule{gateway.Issuer("x")}, 403, []string{"accepted", "policy_denied"}},
		{"a rule fails", "/", []gateway.Rule{failing{}}, 403, []string{"accepted", "policy_failed"}},
		{"a rule fails beside one that lets in", "/", []gateway.Rule{failing{}, gateway.Anyone}, 200, []string{"accepted"}},
		{"the decoded path", "/a%3Ab", []gateway.Rule{onlyPath("/a:b")}, 200, []string{"accepted"}},
		{"no token", "/open", []gateway.Rule{gateway.Anyone}, 401, []string{"accepted", "credentials_missing"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var observer outcomes
			var log logBuffer
			g := newGateway(t, gateway.Config{Routes: routes, Observer: &observer, Logger: log.logger()})
			r := httptest.NewRequest("GET", row.path, nil)
			r.Header.Set("Authorization", "Bearer a.b.c")
			w := httptest.NewRecorder()
			called := false
			g.Wrap(gateway.Require(row.rules...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))).ServeHTTP(w, r)
			if w.Code != row.status || called != (row.status == 200) {
				t.Errorf("status %d, called %t", w.Code, called)
			}
			observer.check(t, row.outcomes...)
			if row.status != 200 && !strings.Contains(log.String(), "reason="+row.outcomes[1]+" ") {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// Behind no gateway, nobody gets in; a test puts a token into the context.
func TestRequireWithoutAGateway(t *testing.T) {
	h := gateway.Require(gateway.Issuer(testIssuer))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, row := range []struct {
		token  verifier.Token
		status int
	}{{verifier.Token{}, 401}, {newToken("sub", "alice"), 200}} {
		r := httptest.NewRequest("GET", "/a%2Fb", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(gateway.NewContext(r.Context(), row.token)))
		if w.Code != row.status {
			t.Errorf("status %d, want %d", w.Code, row.status)
		}
	}
}

func TestRequirePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"no rules":    func() { gateway.Require() },
		"nil rule":    func() { gateway.Require(nil) },
		"nil handler": func() { gateway.Require(gateway.Anyone)(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it did not panic")
				}
			}()
			f()
		})
	}
}

// TestReloadUnderLoad: while policies change, no request is refused that both
// let in, and none is let in that both refuse.
func TestReloadUnderLoad(t *testing.T) {
	policies := [][]gateway.Route{
		{{Name: "open", Path: "/open", Open: true}, protected("orders", "/orders", nil)},
		{protected("orders", "/orders", nil), {Name: "open", Prefix: "/open", Open: true}, protected("more", "/more", nil)},
	}
	g := newGateway(t, gateway.Config{Routes: policies[0]})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := g.SetRoutes(policies[i%2]); err != nil {
				t.Error(err)
			}
			if err := g.SetRoutes([]gateway.Route{{}}); err == nil {
				t.Error("a broken policy was taken")
			}
		}
	}()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				path, want := []string{"/open", "/orders/1", "/secret", "/more"}[i%4], []stapled.Reason{"", "", stapled.RouteMissing, "either"}[i%4]
				_, refusal := g.Decide(t.Context(), gateway.Request{Method: "GET", Target: gateway.Target{Path: path}, Credentials: []string{"Bearer a.b.c"}})
				got := stapled.Reason("")
				if refusal != nil {
					got = refusal.Reason
				}
				if got != want && want != "either" {
					t.Errorf("%s: %q, want %q", path, got, want)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	<-done
}

// A caller that changes its list afterwards changes no policy.
func TestRoutesAreCopied(t *testing.T) {
	routes := []gateway.Route{protected("a", "/a", func(r *gateway.Route) { r.Allow, r.Hosts = []gateway.Rule{failing{}}, []string{"a"} })}
	g := newGateway(t, gateway.Config{Routes: routes})
	routes[0].Allow[0], routes[0].Hosts[0], routes[0].Prefix = gateway.Anyone, "b", "/"
	if e := g.Explain(gateway.Request{Target: gateway.Target{Host: "a", Path: "/a"}, Credentials: []string{"Bearer a.b.c"}}); e.Reason != stapled.PolicyFailed {
		t.Errorf("got %+v", e)
	}
}

// TestExplain: an explanation names the route and the rule, never the token, and
// nobody is told.
func TestExplain(t *testing.T) {
	var log logBuffer
	var observer outcomes
	raw := strings.Repeat("secret", 10) + "." + strings.Repeat("claims", 10) + "." + strings.Repeat("signed", 10)
	g := newGateway(t, gateway.Config{Logger: log.logger(), Observer: &observer, Routes: []gateway.Route{
		protected("api", "/api", func(r *gateway.Route) { r.Hosts = []string{"api.example"} }),
		protected("orders", "/orders", func(r *gateway.Route) { r.Allow = []gateway.Rule{gateway.Issuer("x"), gateway.Issuer(testIssuer)} }),
	}})
	e := g.Explain(gateway.Request{Method: "GET", Target: gateway.Target{Path: "/orders"}, Credentials: []string{"Bearer " + raw}})
	steps := []string{
		"route api is for another host", "route orders matches", "the request has one token", "the token is acceptable",
		"the rule " + testIssuer + " lets the caller in",
	}
	if e.Status != 200 || e.Route != "orders" || e.Rule != testIssuer || e.Grant.Token().Issuer() != testIssuer || !slices.Equal(e.Steps, steps) {
		t.Errorf("got %+v, want the steps %q", e, steps)
	}
	e = g.Explain(gateway.Request{Method: "GET", Target: gateway.Target{Path: "/" + raw}, Credentials: []string{"Bearer " + raw}})
	if e.Status != 403 || e.Reason != stapled.RouteMissing || e.Grant != (gateway.Grant{}) || strings.Contains(strings.Join(e.Steps, e.Detail), "claims") {
		t.Errorf("got %+v", e)
	}
	if e := new(gateway.Gateway).Explain(gateway.Request{}); e.Status != 401 || e.Reason != stapled.ConfigInvalid {
		t.Errorf("the zero gateway says %+v", e)
	}
	observer.check(t)
	if log.String() != "" {
		t.Errorf("log: %s", log.String())
	}
}

// A decision of a gateway with one route allocates nothing of its own.
func TestDecideAllocates(t *testing.T) {
	token := newToken("sub", "alice")
	v := verifyFunc(func(string) (verifier.Token, error) { return token, nil })
	request := gateway.Request{Method: "GET", Target: gateway.Target{Host: "api.example", Path: "/orders/7"}, Credentials: []string{"Bearer a.b.c"}}
	for name, cfg := range map[string]gateway.Config{
		"a verifier": {Verifier: v},
		"routes": {Routes: []gateway.Route{
			{Name: "open", Path: "/open", Open: true},
			{Name: "orders", Prefix: "/orders", Hosts: []string{"api.example"}, Methods: []string{"GET"}, Verifier: v, Allow: []gateway.Rule{gateway.Anyone}},
		}},
	} {
		g := newGateway(t, cfg)
		if got := testing.AllocsPerRun(100, func() { g.Decide(t.Context(), request) }); got > 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
