// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
)

// Even a caller with a good token controls only a path below the upstream's
// own, and a query, in the upstream's request line.
func TestProxyTargets(t *testing.T) {
	service, requests := upstream(t)
	for _, row := range []struct{ name, base, method, target, arrives string }{
		{"no base", "", "GET", "/a/b?c=d", "/a/b?c=d"},
		{"base", "/base", "GET", "/a/b?c=d", "/base/a/b?c=d"},
		{"base with slash", "/base/", "GET", "/a", "/base/a"},
		{"encoded path", "/base", "GET", "/a%2Fb%20c", "/base/a%2Fb%20c"},
		{"dots in names", "/base", "GET", "/a..b/.c/d./...", "/base/a..b/.c/d./..."},
		{"dots without base are the upstream's", "", "GET", "/a/../b", "/a/../b"},
		{"question mark and slash in a query", "", "GET", "/a?b?/../c%20d", "/a?b?/../c%20d"},
		{"absolute form, as to a proxy", "/base", "GET", "http://other.example/a", "/base/a"},
		{"absolute form without a path", "/base", "GET", "http://other.example", "/base/"},
		{"absolute form without a host", "/base", "GET", "x:/a", "/base/a"},
		{"absolute form with credentials", "", "GET", "http://name:secret@other.example/a", "/a"},

		{"dots leave the base", "/base", "GET", "/../admin", ""},
		{"dots at the end", "/base", "GET", "/a/..", ""},
		{"encoded dots", "/base", "GET", "/%2e%2E/admin", ""},
		{"encoded slash after dots", "/base", "GET", "/..%2fadmin", ""},
		{"backslash", "/base", "GET", "/..%5Cadmin", ""},
		{"parameters behind dots", "/base", "GET", "/..;/admin", ""},
		{"parameters behind dots, encoded", "/base", "GET", "/..%3bx/admin", ""},
		{"single dot", "/base", "GET", "/./a", ""},
		{"URL inside a URL", "", "GET", "x:http://other.example/admin", ""},
		{"URL inside a URL, with a base", "/base", "GET", "x:http://other.example/admin", ""},
		{"tunnel", "", "CONNECT", "other.example:443", ""},
		{"tunnel to a path", "", "CONNECT", "/admin", ""},
		{"fragment behind a query", "", "GET", "/a?b#c", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			realm := newRealm(t)
			proxy := realm.proxy(t, service.URL+row.base, nil)
			request := strings.Replace(get("Authorization: Bearer "+realm.subject("alice")),
				"GET /orders?access_token=in.the.query", row.method+" "+row.target, 1)
			response := exchange(t, proxy, request)
			if row.arrives == "" {
				if !strings.HasPrefix(response, "HTTP/1.1 400 Bad Request\r\n") || len(requests) != 0 {
					t.Errorf("response: %q", response)
				}
				path, _, _ := strings.Cut(row.target, "?")
				if log := realm.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "target="+path+"\n") {
					t.Errorf("the log does not tell what was asked: %s", log)
				}
				return
			}
			if !strings.HasPrefix(response, "HTTP/1.1 200 OK\r\n") {
				t.Fatalf("response: %q", response)
			}
			got := <-requests
			if got.uri != row.arrives || got.host != strings.TrimPrefix(service.URL, "http://") || got.header["Authorization"] != nil {
				t.Errorf("the upstream got %q for %q, want %q", got.uri, got.host, row.arrives)
			}
		})
	}
}

// HTTP/2 carries the target in a separate field, which can contain characters
// that would end it in a request line.
func TestProxyTargetsOfHTTP2(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	base, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	handler := realm.protected(t, gateway.ProxyConfig{Upstream: base})
	proxy := httptest.NewUnstartedServer(handler)
	proxy.EnableHTTP2 = true
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	for _, row := range []struct {
		name, path, query string
		arrives           string
	}{
		{"ordinary", "/a", "b=c", "/a?b=c"},
		{"space in the path", "/a b", "", ""},
		{"no-break space in the query", "/a", "b\u00a0c", ""},
		{"space in the query", "/a", "b HTTP/1.1", ""},
		{"fragment in the query", "/a", "b#c", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), "GET", proxy.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			// Opaque is sent unchanged.
			request.URL.Opaque, request.URL.RawQuery = row.path, row.query
			request.Header.Set("Authorization", "Bearer "+realm.subject("alice"))
			response, err := proxy.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.ProtoMajor != 2 {
				t.Fatalf("the test speaks %s", response.Proto)
			}
			if row.arrives == "" {
				if response.StatusCode != http.StatusBadRequest || len(requests) != 0 {
					t.Errorf("status %d", response.StatusCode)
				}
				return
			}
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status %d", response.StatusCode)
			}
			if got := <-requests; got.uri != row.arrives {
				t.Errorf("the upstream got %q, want %q", got.uri, row.arrives)
			}
		})
	}
}
