// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

var passed, failed int

func TestMain(m *testing.M) {
	code := m.Run()
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		code = 1
	}
	os.Exit(code)
}

// try runs a case of a gateway and prints its line.
func try(t *testing.T, gateway, name string, run func(t *testing.T)) {
	t.Helper()
	if t.Run(name, run) {
		passed++
		fmt.Printf("ok %s %s\n", gateway, name)
		return
	}
	failed++
	fmt.Printf("FAIL %s %s\n", gateway, name)
}

// testCase is a request and what must come of it.
type testCase struct {
	name    string
	request request
	want    int    // 200 reaches the upstream, 101 too; nothing else does
	subject string // at the upstream
}

func (w *world) bearer(name string) string { return "Authorization: Bearer " + w.tokens[name] }

var preflight = []string{"Origin: https://app.example", "Access-Control-Request-Method: POST"}

// cases are the same for every gateway. A path that the gateway and the upstream
// may read differently is in confused.
func (w *world) cases(websocket bool) []testCase {
	get := func(headers ...string) request { return request{"GET", "/a?b=c", headers} }
	list := []testCase{
		{"good", get(w.bearer("good")), 200, subject},
		{"good-scheme-in-lower-case", get("authorization: bearer " + w.tokens["good"]), 200, subject},
		{"good-post", request{"POST", "/a", []string{w.bearer("good"), "Content-Length: 0"}}, 200, subject},
		{"missing", get(), 401, ""},
		{"garbage", get(w.bearer("garbage")), 401, ""},
		{"stale", get(w.bearer("stale")), 401, ""},
		{"no-staple", get(w.bearer("no staple")), 401, ""},
		{"revoked", get(w.bearer("revoked")), 401, ""},
		{"another-ca", get(w.bearer("other CA")), 401, ""},
		{"wrong-audience", get(w.bearer("audience")), 401, ""},
		{"two-headers", get(w.bearer("good"), w.bearer("good")), 401, ""},
		{"good-before-garbage", get(w.bearer("good"), w.bearer("garbage")), 401, ""},
		{"garbage-before-good", get(w.bearer("garbage"), w.bearer("good")), 401, ""},
		{"comma-joined", get(w.bearer("good") + ", Bearer " + w.tokens["good"]), 401, ""},
		{"token-in-query", request{"GET", "/a?access_token=" + w.tokens["good"], nil}, 401, ""},
		{"not-allowed", request{"GET", "/admin/x", []string{w.bearer("good")}}, 403, ""},
		{"not-allowed-though-it-says-another-path", request{"GET", "/admin/x", []string{w.bearer("good"), "X-Forwarded-Uri: /a", "X-Original-Uri: /a", "X-Rewrite-Url: /a"}}, 403, ""},
		{"allowed", request{"GET", "/admin/x", []string{w.bearer("admin")}}, 200, subject},
		{"missing-though-it-says-preflight", get(append(preflight, "X-Forwarded-Method: OPTIONS", "X-HTTP-Method-Override: OPTIONS")...), 401, ""},
		{"preflight", request{"OPTIONS", "/a", append(preflight, "Stapled-Subject: forged", "Stapled_Identity: forged")}, 200, ""},
		{"options-without-origin", request{"OPTIONS", "/a", nil}, 401, ""},
		{"no-sub-but-the-client-sends-one", get(w.bearer("no sub"), "Stapled-Subject: forged"), 200, ""},
		{"connection-lists-the-identity", get(w.bearer("good"), "Connection: Stapled-Subject, Stapled-Identity"), 200, subject},
		{"3kB-token", get(w.bearer("3 kB")), 200, subject},
		{"7.5kB-token", get(w.bearer("7.5 kB")), 200, subject},
	}
	for _, name := range []string{"Stapled-%s", "stapled-%s", "STAPLED-%s", "Stapled_%s", "Stapled.%s"} {
		forged := []string{w.bearer("good")}
		for _, member := range []string{"Subject", "Identity", "Issuer", "Token-Id", "Claims"} {
			forged = append(forged, fmt.Sprintf(name, member)+": forged")
		}
		list = append(list, testCase{"forged-" + fmt.Sprintf(name, "*"), get(forged...), 200, subject})
	}
	if websocket {
		upgrade := []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="}
		list = append(list,
			testCase{"websocket", request{"GET", "/ws", append(upgrade, w.bearer("good"))}, 101, subject},
			testCase{"websocket-without-token", request{"GET", "/ws", upgrade}, 401, ""})
	}
	return list
}

// doubled are the requests with two Authorization headers. nginx refuses them by
// itself, with 400.
var doubled = map[string]bool{"two-headers": true, "good-before-garbage": true, "garbage-before-good": true}

// confused are targets that some servers resolve to /admin/x: they never get
// there with the token of somebody else.
var confused = []string{"/%61dmin/x", "//admin/x", "/./admin/x", "/a/../admin/x", "/a/%2e%2e/admin/x", "/a/..%2fadmin/x", "/admin;/x"}

// run tries all cases at a gateway, which is told apart by name.
func (w *world) run(t *testing.T, gateway, at string, websocket bool) {
	var refused []byte
	for _, c := range w.cases(websocket) {
		if c.name == "connection-lists-the-identity" && (gateway == "traefik-contract" || strings.HasPrefix(gateway, "ext-authz")) {
			continue // how they treat Connection is not part of what is replayed
		}
		try(t, gateway, c.name, func(t *testing.T) {
			a := w.ask(t, at, c.request)
			if gateway == "nginx" && a.status == http.StatusBadRequest && a.seen == nil && doubled[c.name] {
				return // it does not even ask
			}
			w.check(t, c, a)
			if c.want != http.StatusUnauthorized || strings.HasPrefix(c.name, "options") || strings.HasPrefix(c.name, "websocket") {
				return
			}
			if refused == nil {
				refused = a.raw
			}
			if string(refused) != string(a.raw) {
				t.Errorf("a 401 differs from the first:\n%s\n%s", a.raw, refused)
			}
		})
	}
	try(t, gateway, "confused-hosts", func(t *testing.T) {
		if gateway == "caddy-module" {
			return // it has no policy
		}
		// RFC 9112 §3.2.2: the target names the host, not the header.
		a := w.ask(t, at, request{"GET", "http://internal.example/a", []string{w.bearer("good")}})
		if a.seen != nil || a.status != http.StatusForbidden && a.status != http.StatusBadRequest {
			t.Errorf("status %d, it reached the upstream: %t", a.status, a.seen != nil)
		}
	})
	try(t, gateway, "confused-paths", func(t *testing.T) {
		for _, path := range confused {
			a := w.ask(t, at, request{"GET", path, []string{w.bearer("good")}})
			if a.seen != nil && strings.HasPrefix(strings.ReplaceAll(a.seen.URL.Path, "//", "/"), "/admin/") {
				t.Errorf("%s reached the upstream as %s", path, a.seen.RequestURI)
			}
		}
	})
}

func (w *world) check(t *testing.T, c testCase, a answer) {
	t.Helper()
	if a.status != c.want {
		t.Errorf("status %d, want %d: %s", a.status, c.want, a.raw)
	}
	passes := c.want < 300
	if (a.seen != nil) != passes {
		t.Fatalf("it reached the upstream: %t", a.seen != nil)
	}
	if c.want == http.StatusUnauthorized && !strings.Contains(string(a.raw), "\nWww-Authenticate: Bearer") && !strings.Contains(strings.ToLower(string(a.raw)), "www-authenticate: bearer") {
		t.Errorf("a 401 without WWW-Authenticate:\n%s", a.raw)
	}
	if !passes {
		return
	}
	if c.want == http.StatusSwitchingProtocols && a.echo != "hello\n" {
		t.Errorf("the upstream says %q after the upgrade", a.echo)
	}
	for name, values := range a.seen.Header {
		for _, value := range values {
			if strings.Contains(value, "forged") || strings.Contains(value, "{http.") {
				t.Errorf("the upstream sees %s: %s", name, value)
			}
		}
	}
	if list := a.seen.Header.Get("Connection"); strings.Contains(strings.ToLower(list), "stapled") {
		t.Errorf("the next proxy will remove headers of the identity: Connection: %s", list)
	}
	if len(a.seen.Header["Authorization"]) != 0 {
		t.Error("the token reached the upstream")
	}
	want := map[string]string{"Stapled-Subject": c.subject, "Stapled-Identity": orders, "Stapled-Issuer": orders}
	switch {
	case c.name == "allowed":
		want["Stapled-Identity"], want["Stapled-Issuer"] = "https://admin.internal", "https://admin.internal"
	case c.name == "preflight":
		want["Stapled-Identity"], want["Stapled-Issuer"] = "", ""
	case a.seen.Header.Get("Stapled-Claims") == "" || a.seen.Header.Get("Stapled-Token-Id") == "":
		t.Errorf("no claims or no token ID: %v", a.seen.Header)
	}
	for name, value := range want {
		if got := a.seen.Header[name]; strings.Join(got, "|") != value {
			t.Errorf("the upstream sees %s: %q, want %q", name, got, value)
		}
	}
}
