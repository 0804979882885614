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
	realm.metrics.check(t, "credentials_missing", "credentials_missing", "malformed", "signature_invalid", "audience_mismatch")
}

// roundTrip is a transport that a test decides for.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A token that no verifier of this project made has no claims to tell.
func TestProxyWithoutClaims(t *testing.T) {
	g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
	service, requests := upstream(t)
	proxy := (&realm{gateway: g}).proxy(t, service.URL, nil)
	if got := exchange(t, proxy, get("Authorization: Bearer a.b.c")); got != badGateway || len(requests) != 0 {
		t.Errorf("response: %q", got)
	}
}

func TestNewProxyRefuses(t *testing.T) {
	g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
	for _, row := range []struct {
		name     string
		gateway  *gateway.Gateway
		upstream string
		timeout  time.Duration
	}{
		{"no gateway", nil, "http://localhost", 0},
		{"negative timeout", g, "http://localhost", -time.Second},
		{"no upstream", g, "", 0},
		{"no scheme", g, "//localhost:80", 0},
		{"host taken for a scheme", g, "localhost:80", 0},
		{"another scheme", g, "ftp://localhost", 0},
		{"no host", g, "http:///path", 0},
		{"password", g, "http://a:b@localhost", 0},
		{"query", g, "http://localhost/?a=b", 0},
		{"empty query", g, "http://localhost/?", 0},
		{"fragment", g, "http://localhost/#a", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := gateway.ProxyConfig{Gateway: row.gateway, Timeout: row.timeout}
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
