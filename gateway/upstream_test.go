// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestProxyRefuses(t *testing.T) {
	realm := newRealm(t)
	proxy := realm.proxy(t, "http://upstream.invalid", func(cfg *gateway.ProxyConfig) {
		cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
			t.Error("a refused request reached the upstream")
			return nil, errors.New("unreachable")
		})
	})
	tampered := strings.Split(realm.subject("alice"), ".")
	tampered[1] = strings.Split(realm.subject("admin"), ".")[1]
	elsewhere := realm.client.Token(func(token *testca.Token) { token.Claims.Set("aud", "invoices") })
	for _, row := range []struct{ name, request string }{
		{"no credentials", get()},
		{"identity in headers instead", get("Stapled-Issuer: "+testIssuer, "Stapled-Subject: alice")},
		{"no token", get("Authorization: Bearer x")},
		{"payload of another token", get("Authorization: Bearer " + strings.Join(tampered, "."))},
		{"token for another audience", get("Authorization: Bearer " + elsewhere)},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := exchange(t, proxy, row.request); got != refusal {
				t.Errorf("response:\n%q\nwant:\n%q", got, refusal)
			}
		})
	}
	proxy.Close()
	realm.observer.check(t, "credentials_missing", "credentials_missing", "malformed", "signature_invalid", "audience_mismatch")
}

// roundTrip is a transport that a test controls.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A proxy is not a gateway: it forwards nothing that was not accepted.
func TestProxyNeedsAToken(t *testing.T) {
	service, requests := upstream(t)
	base, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{Upstream: base, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	realm := newRealm(t)
	server := serve(t, proxy)
	if got := exchange(t, server, get("Authorization: Bearer "+realm.subject("alice"))); got != refusal || len(requests) != 0 {
		t.Errorf("response: %q, and %d requests at the upstream", got, len(requests))
	}
	server.Close()
	if !strings.Contains(log.String(), `level=ERROR msg="request not forwarded" error="no grant in the context`) {
		t.Errorf("log: %s", log.String())
	}
}

// A policy stands between the gateway and the proxy.
func TestHandlerBeforeTheProxy(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	base, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{Upstream: base})
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, realm.gateway.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token, ok := gateway.FromContext(r.Context()); !ok || token.Subject() != "alice" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	})))
	for subject, want := range map[string]string{"alice": "HTTP/1.1 200 OK\r\n", "bob": "HTTP/1.1 403 Forbidden\r\n"} {
		if got := exchange(t, server, get("Authorization: Bearer "+realm.subject(subject))); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", subject, got)
		}
	}
	if len(requests) != 1 {
		t.Errorf("%d requests at the upstream", len(requests))
	}
}

func TestNewProxyRefuses(t *testing.T) {
	for _, row := range []struct {
		name     string
		upstream string
		timeout  time.Duration
	}{
		{"negative timeout", "http://localhost", -time.Second},
		{"no upstream", "", 0},
		{"no scheme", "//localhost:80", 0},
		{"host taken for a scheme", "localhost:80", 0},
		{"another scheme", "ftp://localhost", 0},
		{"no host", "http:///path", 0},
		{"password", "http://a:b@localhost", 0},
		{"query", "http://localhost/?a=b", 0},
		{"empty query", "http://localhost/?", 0},
		{"fragment", "http://localhost/#a", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := gateway.ProxyConfig{Timeout: row.timeout}
			if row.upstream != "" {
				u, err := url.Parse(row.upstream)
				if err != nil {
					t.Fatal(err)
				}
				cfg.Upstream = u
			}
			if p, err := gateway.NewProxy(cfg); err == nil || p != nil {
				t.Errorf("got %v, %v; want an error alone", p, err)
			}
		})
	}
}
