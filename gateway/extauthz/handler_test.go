// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/extauthz"
)

// ask sends a question as it is, and returns the answer.
func ask(t *testing.T, server *httptest.Server, target string, headers ...string) *http.Response {
	t.Helper()
	method, target, _ := strings.Cut(target, " ")
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: api.example\r\nContent-Length: 0\r\n", method, target)
	for _, header := range headers {
		fmt.Fprintf(conn, "%s\r\n", header)
	}
	fmt.Fprint(conn, "\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

func serve(t *testing.T, cfg extauthz.Config) *httptest.Server {
	t.Helper()
	handler, err := extauthz.NewHandler(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestHandler(t *testing.T) {
	w := newWorld(t)
	bearer := "Authorization: Bearer " + w.token
	behind := serve(t, extauthz.Config{Gateway: w.gateway, PathPrefix: "/auth/check"})
	bare := serve(t, extauthz.Config{Gateway: w.gateway})
	for name, row := range map[string]struct {
		server  *httptest.Server
		target  string
		headers []string
		want    int
	}{
		"good":                        {behind, "GET /auth/check/v1/a?b=c", []string{bearer}, 200},
		"good, without a prefix":      {bare, "GET /v1/a?b=c", []string{bearer}, 200},
		"method and host":             {behind, "POST /auth/check/host", []string{bearer}, 200},
		"another method":              {behind, "GET /auth/check/host", []string{bearer}, 403},
		"missing":                     {behind, "GET /auth/check/v1/a", nil, 401},
		"garbage":                     {behind, "GET /auth/check/v1/a", []string{"Authorization: Bearer x"}, 401},
		"two":                         {behind, "GET /auth/check/v1/a", []string{bearer, bearer}, 401},
		"joined":                      {behind, "GET /auth/check/v1/a", []string{bearer + ", Bearer x"}, 401},
		"not permitted":               {behind, "GET /auth/check/others", []string{bearer}, 403},
		"no route":                    {behind, "GET /auth/check/v2", []string{bearer}, 403},
		"open":                        {behind, "GET /auth/check/public", nil, 200},
		"the prefix alone":            {behind, "GET /auth/check", []string{bearer}, 403},
		"no prefix":                   {behind, "GET /public", nil, 403},
		"beside the prefix":           {behind, "GET /auth/checkpublic", nil, 403},
		"the prefix, encoded":         {behind, "GET /auth/chec%6B/public", nil, 403},
		"the prefix, dots":            {behind, "GET /x/../auth/check/public", nil, 403},
		"absolute, behind the prefix": {behind, "GET /auth/checkhttp://api.example/public", nil, 403},
		"absolute, without a prefix":  {bare, "GET http://api.example/public", nil, 403},
		"absolute":                    {behind, "GET http://api.example/auth/check/public", nil, 403},
		"a path with dots":            {behind, "GET /auth/check/public/../v1", nil, 400},
		"a path encoded twice":        {behind, "GET /auth/check/public%2F..%2Fv1", nil, 400},
		"a path with two slashes":     {behind, "GET /auth/check//public", nil, 400},
		"preflight":                   {behind, "OPTIONS /auth/check/v1", []string{"Origin: https://x", "Access-Control-Request-Method: PUT"}, 200},
		"a prefix within the path":    {behind, "GET /auth/check/auth/check/public", nil, 403},
	} {
		t.Run(name, func(t *testing.T) {
			response := ask(t, row.server, row.target, row.headers...)
			if response.StatusCode != row.want {
				t.Fatalf("%s, want %d", response.Status, row.want)
			}
			for _, name := range identityNames {
				if values := response.Header.Values(name); len(values) != 0 != (row.want == 200) {
					t.Errorf("%s: %q", name, values)
				}
			}
			if got := response.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control: %s", got)
			}
			if name == "good" && response.Header.Get("Stapled-Subject") != "alice" {
				t.Errorf("%v", response.Header)
			}
		})
	}
}

// TestHandlerRemoves: Envoy hides most headers of the request from an HTTP
// service, so it removes the usual spellings unseen.
func TestHandlerRemoves(t *testing.T) {
	w := newWorld(t)
	server := serve(t, extauthz.Config{Gateway: w.gateway})
	response := ask(t, server, "GET /v1", "Authorization: Bearer "+w.token, "Stapled_Admin: 1")
	removed := strings.Split(response.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ", ")
	for _, name := range []string{"authorization", "stapled_subject", "stapled.subject", "stapled_token_id", "stapled-token_id", "stapled_admin"} {
		if !slices.Contains(removed, name) {
			t.Errorf("%s is not removed", name)
		}
	}
	// With names of one's own, their spellings go.
	server = serve(t, extauthz.Config{Gateway: w.gateway, UnsafeForwardAuthorization: true,
		IdentityHeaders: gateway.IdentityHeaders{Subject: "X-Auth-Request-Preferred-User", Issuer: "Remote-User"}})
	response = ask(t, server, "GET /v1", "Authorization: Bearer "+w.token)
	removed = strings.Split(response.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ", ")
	if !slices.Contains(removed, "remote_user") || !slices.Contains(removed, "x_auth_request_preferred_user") || slices.Contains(removed, "authorization") {
		t.Errorf("%v", removed)
	}
	if response.Header.Get("Remote-User") != "https://orders.internal" || response.Header.Get("X-Auth-Request-Preferred-User") != "alice" {
		t.Errorf("%v", response.Header)
	}
}

// TestHandlerConnection: the certificate of the connection and its encryption
// are Envoy's, not the client's.
func TestHandlerConnection(t *testing.T) {
	w := newWorld(t)
	for _, prefix := range []string{"", "/check"} {
		handler, err := extauthz.NewHandler(extauthz.Config{Gateway: w.gateway, PathPrefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", prefix+"/v1", nil)
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{w.orders.Leaf()}}
		r.Header.Set("Authorization", "Bearer "+w.token)
		recorded := httptest.NewRecorder()
		handler.ServeHTTP(recorded, r)
		if recorded.Code != 200 || w.asked.bindings.Peer != nil {
			t.Errorf("%q: %d, peer %v", prefix, recorded.Code, w.asked.bindings.Peer)
		}
	}
}

// TestHandlerRemovesOddSpellings: also those of a name that begins like the
// headers that Envoy sets itself.
func TestHandlerRemovesOddSpellings(t *testing.T) {
	w := newWorld(t)
	server := serve(t, extauthz.Config{Gateway: w.gateway, IdentityHeaders: gateway.IdentityHeaders{Subject: "X-Forwarded-Preferred-User"}})
	response := ask(t, server, "GET /v1", "Authorization: Bearer "+w.token, "X-Forwarded-Preferred~User: forged", "X-Forwarded-Port: 1")
	removed := strings.Split(response.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ", ")
	if !slices.Contains(removed, "x-forwarded-preferred~user") || slices.Contains(removed, "x-forwarded-port") || slices.Contains(removed, "x-forwarded-preferred-user") {
		t.Errorf("%v", removed)
	}
}

func TestRefusedConfigurations(t *testing.T) {
	w := newWorld(t)
	for name, cfg := range map[string]extauthz.Config{
		"no gateway":         {},
		"prefix with a dot":  {Gateway: w.gateway, PathPrefix: "/a.b"},
		"relative prefix":    {Gateway: w.gateway, PathPrefix: "check"},
		"slash at the end":   {Gateway: w.gateway, PathPrefix: "/check/"},
		"only a slash":       {Gateway: w.gateway, PathPrefix: "/"},
		"two slashes":        {Gateway: w.gateway, PathPrefix: "/a//b"},
		"one name for two":   {Gateway: w.gateway, IdentityHeaders: gateway.IdentityHeaders{Issuer: "X-User", Subject: "x-user"}},
		"a name of a server": {Gateway: w.gateway, IdentityHeaders: gateway.IdentityHeaders{Issuer: "Host"}},
	} {
		if handler, err := extauthz.NewHandler(cfg); err == nil || handler != nil || !strings.HasPrefix(err.Error(), "extauthz: ") {
			t.Errorf("%s: %v, %v", name, handler, err)
		}
	}
}
