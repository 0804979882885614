// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestGateways(t *testing.T) {
	w := newWorld(t)
	stopFronts := w.serveFronts(t)
	newer := mustHave(t, "CADDY", "v2.11.9")
	older := mustHave(t, "CADDY_2_6", "2.6.")
	gateways := []struct {
		name  string
		start func(*testing.T) (string, func())
		asks  bool // another process, which may be down
	}{
		{"nginx", w.nginx, true},
		{"haproxy", w.haproxy, true},
		{"caddy-2.6", func(t *testing.T) (string, func()) { return w.caddy(t, older, "Caddyfile") }, true},
		{"caddy-2.11", func(t *testing.T) (string, func()) { return w.caddy(t, newer, "Caddyfile") }, true},
		{"caddy-module", func(t *testing.T) (string, func()) { return w.caddy(t, newer, "module.Caddyfile") }, false},
		{"traefik-contract", w.traefik, true},
		{"ext-authz-http", w.envoyHTTP, true},
		{"ext-authz-grpc", w.envoyGRPC, true},
		{"proxy", func(*testing.T) (string, func()) { return w.proxy, func() {} }, false},
	}
	addresses := make(map[string]string)
	for _, g := range gateways {
		at, _ := g.start(t)
		addresses[g.name] = at
		w.run(t, g.name, at, true)
	}
	w.grpc(t)
	try(t, "caddy-module", "the-five-lines-of-the-page", func(t *testing.T) {
		at, _ := w.caddy(t, newer, "five-lines.Caddyfile")
		w.fiveLines(t, at)
	})
	try(t, "stapled", "the-five-lines-of-the-page", func(t *testing.T) {
		own := &world{anchor: w.anchor, upstream: w.upstream, forwardAuth: address(t)}
		dir := t.TempDir()
		config := filepath.Join(dir, "gateway.yaml")
		own.write(t, config, block(t, "README", "gateway.yaml"), "")
		start(t, dir, []string{own.forwardAuth}, os.Getenv("STAPLED"), "gateway", "--config", config)
		at, _ := own.traefik(t)
		w.fiveLines(t, at)
	})
	try(t, "nginx", "bound-to-the-clients-certificate", w.boundNginx)
	try(t, "forward-auth", "answers-200-401-or-403-only", w.forwardAuthAnswers)
	stopFronts()
	for _, g := range gateways {
		if !g.asks {
			continue
		}
		try(t, g.name, "refuses-all-while-stapled-gateway-is-down", func(t *testing.T) {
			for _, headers := range [][]string{nil, {w.bearer("good")}} {
				a := w.ask(t, addresses[g.name], request{"GET", "/a", headers})
				if a.seen != nil || a.status < 400 {
					t.Errorf("status %d, it reached the upstream: %t", a.status, a.seen != nil)
				}
			}
		})
	}
}

// forwardAuthAnswers asks in ways that no gateway should.
func (w *world) forwardAuthAnswers(t *testing.T) {
	complete := []string{"X-Forwarded-Method: GET", "X-Forwarded-Uri: /a", "X-Forwarded-Host: billing.internal", "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.1"}
	asks := map[string][]string{
		"nothing": {w.bearer("good")}, "two URIs": append([]string{w.bearer("good"), "X-Forwarded-Uri: /a"}, complete...),
		"no path": append([]string{w.bearer("good")}, complete[2:]...), "complete": append([]string{w.bearer("good")}, complete...),
		"dots":      {w.bearer("good"), complete[0], "X-Forwarded-Uri: /a/../b", complete[2], complete[3]},
		"no token":  complete,
		"odd bytes": {w.bearer("good"), complete[0], "X-Forwarded-Uri: /\xff%zz", complete[2], complete[3]},
		"root":      {w.bearer("good"), complete[0], "X-Forwarded-Uri: /", complete[2], complete[3]},
	}
	for name, headers := range asks {
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
			a := w.ask(t, w.forwardAuth, request{method, "/", append(headers, "Content-Length: 0")})
			switch {
			case a.status != 200 && a.status != 401 && a.status != 403:
				t.Errorf("%s %s: %d", method, name, a.status)
			case (a.status == http.StatusOK) != (name == "complete" || name == "root"):
				t.Errorf("%s %s: %d", method, name, a.status)
			}
		}
	}
}

// fiveLines tries a configuration with which everybody may call everything.
func (w *world) fiveLines(t *testing.T, at string) {
	w.check(t, testCase{"good", request{}, http.StatusOK, subject}, w.ask(t, at, request{"GET", "/a", []string{w.bearer("good"), "Stapled_Subject: forged"}}))
	w.check(t, testCase{"stale", request{}, http.StatusUnauthorized, ""}, w.ask(t, at, request{"GET", "/a", []string{w.bearer("stale")}}))
}
