// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
)

var root = &url.URL{Path: "/"}

// TestProxyCases are the cases of every front.
func TestProxyCases(t *testing.T) {
	realm := newRealm(t)
	realm.routed(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, nil)
	good := "Authorization: Bearer " + realm.subject("alice")
	to := func(name, method, path string, status int, reason stapled.Reason, lines ...string) caseRow {
		return caseRow{name, append([]string{method + " " + path}, lines...), status, reason}
	}
	rows := []caseRow{
		to("not allowed", "GET", "/others", 403, stapled.PolicyDenied, good),
		to("no route", "GET", "/", 403, stapled.RouteMissing, good),
		to("open", "GET", "/open", 200, "", "Stapled-Subject: evil", "Authorization: Basic YTpi"),
		to("preflight", "OPTIONS", "/orders", 200, "", "Origin: https://a.example", "Access-Control-Request-Method: PUT"),
		to("a forged path", "GET", "/orders", 401, stapled.CredentialsMissing, "X-Forwarded-Uri: /open", "X-Original-Url: /open"),
		to("not canonical", "GET", "/open/../orders", 400, stapled.PathRejected, good),
	}
	for _, name := range aliases {
		rows = append(rows, to("forged "+name, "GET", "/orders", 200, "", good, name+": evil"))
	}
	for _, row := range realm.cases() {
		row.lines = append([]string{"GET /orders"}, row.lines...)
		rows = append(rows, row)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			response := exchange(t, proxy, strings.Replace(get(row.lines[1:]...), "GET /orders?access_token=in.the.query", row.lines[0], 1))
			if !strings.HasPrefix(response, fmt.Sprintf("HTTP/1.1 %d ", row.status)) || row.status == 401 && response != refusal {
				t.Errorf("response: %q", response)
			}
			if row.status != 200 {
				if got := realm.observer.last(); got != string(row.reason) || len(requests) != 0 {
					t.Errorf("observed %s, want %s; %d requests at the upstream", got, row.reason, len(requests))
				}
				return
			}
			got := <-requests
			for name, values := range got.header {
				if strings.Contains(strings.Join(values, " "), "evil") || name == "Authorization" {
					t.Errorf("the upstream got %s: %q", name, values)
				}
			}
			for _, name := range (gateway.IdentityHeaders{}).Names() {
				if len(got.header[name]) != 1 {
					t.Errorf("the upstream got %s: %q, want one value, or an empty one", name, got.header[name])
				}
			}
		})
	}
}

// The headers that a proxy is configured with replace the client's in every
// spelling, and the token does not get through.
func TestProxyWithOtherHeaders(t *testing.T) {
	realm := newRealm(t)
	realm.gateway = newGateway(t, gateway.Config{Verifier: realm.verifier, TokenHeader: "X-Token"})
	token := realm.subject("alice")
	for _, row := range []struct {
		name          string
		lines         []string
		authorization []string
	}{
		{"forged", []string{"X-Forwarded-User: evil", "Remote_User: evil", "Remote-User: evil", "Remote.User: evil", "Stapled-Subject: evil"}, nil},
		{"something else in Authorization", []string{"Authorization: Basic YTpi"}, []string{"Basic YTpi"}},
		{"the token in Authorization too", []string{"Authorization: bearer " + token}, nil},
		{"the token in an alias", []string{"X_Token: " + token}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			service, requests := upstream(t)
			proxy := realm.proxy(t, service.URL, func(cfg *gateway.ProxyConfig) {
				cfg.IdentityHeaders = gateway.IdentityHeaders{Subject: "X-Forwarded-User", Issuer: "remote-user", WithoutClaims: true}
			})
			exchange(t, proxy, get(append(row.lines, "X-Token: "+token)...))
			want := identity(token)
			want["X-Forwarded-User"], want["Remote-User"], want["Stapled-Claims"] = want["Stapled-Subject"], want["Stapled-Issuer"], []string{""}
			delete(want, "Stapled-Subject")
			delete(want, "Stapled-Issuer")
			if row.authorization != nil {
				want["Authorization"] = row.authorization
			}
			if got := <-requests; !reflect.DeepEqual(got.header, want) {
				t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
			}
		})
	}
}

// A token that a test puts into the context is not a grant.
func TestProxyNeedsAGrant(t *testing.T) {
	service, requests := upstream(t)
	base, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{Upstream: base})
	if err != nil {
		t.Fatal(err)
	}
	token := newToken("sub", "alice")
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r.WithContext(gateway.NewContext(r.Context(), token)))
	}))
	if got := exchange(t, server, get()); got != refusal || len(requests) != 0 {
		t.Errorf("response: %q, and %d requests at the upstream", got, len(requests))
	}
}

// An open route lets a request pass without the token of an outer gateway.
func TestOpenRouteHasNoToken(t *testing.T) {
	outer := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
	inner := newGateway(t, gateway.Config{Routes: []gateway.Route{{Name: "open", Prefix: "/", Open: true}}})
	server := serve(t, outer.Wrap(inner.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		grant, ok := gateway.GrantFromContext(r.Context())
		if token, has := gateway.FromContext(r.Context()); has || !ok || grant.Route() != "open" {
			t.Errorf("got the token %v, the grant %+v", token, grant)
		}
	}))))
	exchange(t, server, get("Authorization: Bearer a.b.c"))
}
