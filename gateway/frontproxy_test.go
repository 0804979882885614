// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestFrontProxies: whose headers count, and what they say about a request from
// 10.0.0.1 to http://gateway/.
func TestFrontProxies(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	x, f := gateway.FrontProxies{Networks: networks}, gateway.FrontProxies{Networks: networks, Forwarded: true}
	for _, row := range []struct {
		name    string
		fronts  gateway.FrontProxies
		from    string
		headers http.Header
		want    string // the URL and the client, or nothing if it is refused
	}{
		{"nothing said", x, "", nil, "http://gateway 10.0.0.1:99"},
		{"all said", x, "", http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"api.example:8443"}}, "https://api.example:8443 192.0.2.7"},
		{"by a stranger", x, "192.0.2.1:99", http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"api.example"}}, "http://gateway 192.0.2.1:99"},
		{"by a stranger, twice", x, "192.0.2.1:99", http.Header{"X-Forwarded-Proto": {"https", "http"}}, "http://gateway 192.0.2.1:99"},
		{"nobody is trusted", gateway.FrontProxies{}, "", http.Header{"X-Forwarded-Proto": {"https"}}, "http://gateway 10.0.0.1:99"},
		{"a chain of proxies", x, "", http.Header{"X-Forwarded-For": {"192.0.2.7, 10.0.0.3", "fd00::1"}}, "http://gateway 192.0.2.7"},
		{"a client that lies", x, "", http.Header{"X-Forwarded-For": {"10.0.0.9, 198.51.100.1, 192.0.2.7, 10.0.0.3"}}, "http://gateway 192.0.2.7"},
		{"a client that lies in garbage", x, "", http.Header{"X-Forwarded-For": {"x y, , 192.0.2.7"}}, "http://gateway 192.0.2.7"},
		{"proxies only", x, "", http.Header{"X-Forwarded-For": {"10.0.0.5"}}, "http://gateway 10.0.0.5"},
		{"garbage behind a proxy", x, "", http.Header{"X-Forwarded-For": {"unknown, 10.0.0.5"}}, "http://gateway 10.0.0.5"},
		{"with ports", x, "", http.Header{"X-Forwarded-For": {"192.0.2.7:1234"}}, "http://gateway 192.0.2.7"},
		{"IPv6", x, "", http.Header{"X-Forwarded-For": {"[2001:db8::7]:1"}}, "http://gateway 2001:db8::7"},
		{"WebSocket", x, "", http.Header{"X-Forwarded-Proto": {"wss"}}, "https://gateway 10.0.0.1:99"},
		{"two schemes", x, "", http.Header{"X-Forwarded-Proto": {"https", "https"}}, ""},
		{"a list of schemes", x, "", http.Header{"X-Forwarded-Proto": {"https, http"}}, ""},
		{"another scheme", x, "", http.Header{"X-Forwarded-Proto": {"ftp"}}, ""},
		{"two hosts", x, "", http.Header{"X-Forwarded-Host": {"a", "b"}}, ""},
		{"a list of hosts", x, "", http.Header{"X-Forwarded-Host": {"a, b"}}, ""},
		{"no host in the header", x, "", http.Header{"X-Forwarded-Host": {""}}, ""},
		{"RFC 7239 is not what the proxies set", x, "", http.Header{"Forwarded": {"for=192.0.2.7;proto=https;host=evil"}}, "http://gateway 10.0.0.1:99"},

		{"RFC 7239", f, "", http.Header{"Forwarded": {`For="[2001:db8::7]:1";proto=https;host="api.example:8443"`}}, "https://api.example:8443 2001:db8::7"},
		{"RFC 7239, a chain", f, "", http.Header{"Forwarded": {`for=192.0.2.7;host=api.example;proto=https, for=10.0.0.3;host=inner;proto=http`}}, "https://api.example 192.0.2.7"},
		{"RFC 7239, a client that lies", f, "", http.Header{"Forwarded": {"for=10.0.0.9;host=evil;proto=https", "for=192.0.2.7;host=api.example"}}, "http://api.example 192.0.2.7"},
		{"RFC 7239, a client that hides", f, "", http.Header{"Forwarded": {"for=10.0.0.9;host=evil, for=_hidden;host=evil, for=10.0.0.3;host=api.example"}}, "http://api.example 10.0.0.3"},
		{"RFC 7239, a proxy that hides its client", f, "", http.Header{"Forwarded": {"for=192.0.2.7;host=evil, for=_hidden;host=api.example;proto=https"}}, "https://api.example 10.0.0.1:99"},
		{"RFC 7239, a quote that a client leaves open", f, "", http.Header{"Forwarded": {`for="x, for=192.0.2.7;host=api.example`}}, ""},
		{"RFC 7239, a quote that swallows", f, "", http.Header{"Forwarded": {`for="x, for="[2001:db8::7]";host=api.example`}}, ""},
		{"RFC 7239, a parameter twice", f, "", http.Header{"Forwarded": {"for=192.0.2.7;host=a;host=b"}}, ""},
		{"RFC 7239, two schemes", f, "", http.Header{"Forwarded": {`for=192.0.2.7;proto="https,http"`}}, ""},
		{"RFC 7239, empty", f, "", http.Header{"Forwarded": {""}}, ""},
		{"RFC 7239, no value", f, "", http.Header{"Forwarded": {"for="}}, ""},
		{"X-Forwarded-* is not what the proxies set", f, "", http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Host": {"evil"}}, "http://gateway 10.0.0.1:99"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll), FrontProxies: row.fronts})
			r := httptest.NewRequest("GET", "http://gateway/", nil)
			r.RemoteAddr = "10.0.0.1:99"
			if row.from != "" {
				r.RemoteAddr = row.from
			}
			for name, values := range row.headers {
				r.Header[name] = values
			}
			r.Header.Set("Authorization", "Bearer a.b.c")
			got := gateway.RequestOf(g, r)
			_, refusal := g.Decide(t.Context(), got)
			switch {
			case row.want == "":
				if refusal == nil || refusal.Reason != stapled.ForwardedRejected || refusal.Status != 400 {
					t.Errorf("let in as %+v", got.Target)
				}
			case refusal != nil:
				t.Errorf("refused: %+v", refusal)
			case got.Target.Scheme+"://"+got.Target.Host+" "+got.RemoteAddr != row.want:
				t.Errorf("got %s://%s %s, want %s", got.Target.Scheme, got.Target.Host, got.RemoteAddr, row.want)
			}
		})
	}
}

// A unix socket has no address: its file says who can connect.
func TestUnixSocketIsTrustedIfConfigured(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		fronts := gateway.FrontProxies{UnixSockets: trusted, Networks: local.Networks}
		g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll), FrontProxies: fronts})
		r := httptest.NewRequest("GET", "http://gateway/", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Name: "/run/g", Net: "unix"})))
		r.RemoteAddr = "@"
		r.Header.Set("X-Forwarded-Proto", "https")
		if got := gateway.RequestOf(g, r).Target.Scheme == "https"; got != trusted {
			t.Errorf("trusted is %t, want %t", got, trusted)
		}
	}
}

// The upstream learns the client that the proxy in front has seen, and the proxy.
func TestProxyBehindAProxy(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	realm.gateway = newGateway(t, gateway.Config{Verifier: realm.verifier, FrontProxies: local})
	for _, keep := range []bool{false, true} {
		proxy := realm.proxy(t, service.URL, func(cfg *gateway.ProxyConfig) { cfg.KeepHost = keep })
		exchange(t, proxy, get("X-Forwarded-For: evil, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example", "X-Forwarded-Port: 1",
			"Client-Cert: :AA==:", "X-Forwarded-Client-Cert: x", "X-SSL-Client-Cert: x", "Authorization: Bearer "+realm.subject("alice")))
		token := realm.subject("alice")
		want := identity(token)
		want["X-Forwarded-For"], want["X-Forwarded-Proto"], want["X-Forwarded-Host"] = []string{"192.0.2.7, 127.0.0.1"}, []string{"https"}, []string{"api.example"}
		got := <-requests
		if !reflect.DeepEqual(got.header, want) {
			t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
		}
		if (got.host == "api.example") != keep {
			t.Errorf("the upstream got the host %q", got.host)
		}
	}
}

// TestBindTLS: a stolen token is of no use without the key of its certificate.
func TestBindTLS(t *testing.T) {
	realm := newRealm(t)
	if err := realm.gateway.SetRoutes([]gateway.Route{{
		Name: "bound", Prefix: "/", Verifier: realm.verifier, Allow: []gateway.Rule{gateway.Anyone}, Bind: gateway.BindTLS,
	}}); err != nil {
		t.Fatal(err)
	}
	own, other := realm.client.Cert, testca.New().Leaf().Cert
	fronts := gateway.FrontProxies{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, ClientCertificate: gateway.ClientCertRFC9440}
	header := func(cert *x509.Certificate) []string {
		return []string{":" + base64.StdEncoding.EncodeToString(cert.Raw) + ":"}
	}
	for _, row := range []struct {
		name   string
		fronts gateway.FrontProxies
		from   string
		peer   *x509.Certificate
		header []string
		reason stapled.Reason
	}{
		{"its own certificate", gateway.FrontProxies{}, "192.0.2.1:1", own, nil, ""},
		{"no certificate", gateway.FrontProxies{}, "192.0.2.1:1", nil, nil, stapled.BindingMismatch},
		{"another client's", gateway.FrontProxies{}, "192.0.2.1:1", other, nil, stapled.BindingMismatch},
		{"a forged header, nobody is trusted", gateway.FrontProxies{}, "192.0.2.1:1", other, header(own), stapled.BindingMismatch},
		{"a forged header from a stranger", fronts, "192.0.2.1:1", other, header(own), stapled.BindingMismatch},
		{"through a proxy", fronts, "10.0.0.1:1", nil, header(own), ""},
		{"through a proxy with a certificate of its own", fronts, "10.0.0.1:1", other, header(own), ""},
		{"through a proxy, another client's", fronts, "10.0.0.1:1", nil, header(other), stapled.BindingMismatch},
		{"through a proxy, the proxy's certificate", fronts, "10.0.0.1:1", own, nil, stapled.BindingMismatch},
		{"through a proxy, two headers", fronts, "10.0.0.1:1", nil, append(header(own), header(own)...), stapled.ForwardedRejected},
		{"through a proxy, garbage", fronts, "10.0.0.1:1", nil, []string{":AA==:"}, stapled.ForwardedRejected},
		{"through a proxy that passes on no certificate, its own", gateway.FrontProxies{Networks: fronts.Networks}, "10.0.0.1:1", own, nil, stapled.BindingMismatch},
		{"through a proxy that passes on no certificate, a header", gateway.FrontProxies{Networks: fronts.Networks}, "10.0.0.1:1", nil, header(own), stapled.BindingMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGateway(t, gateway.Config{FrontProxies: row.fronts, Routes: []gateway.Route{{
				Name: "bound", Prefix: "/", Verifier: realm.verifier, Allow: []gateway.Rule{gateway.Anyone}, Bind: gateway.BindTLS,
			}}})
			r := httptest.NewRequest("GET", "https://gateway/", nil)
			r.RemoteAddr, r.TLS = row.from, &tls.ConnectionState{}
			if row.peer != nil {
				r.TLS.PeerCertificates = []*x509.Certificate{row.peer}
			}
			r.Header.Set("Authorization", "Bearer "+realm.subject("alice"))
			if row.header != nil {
				r.Header["Client-Cert"] = row.header
			}
			e := g.Explain(gateway.RequestOf(g, r))
			if e.Reason != row.reason || row.reason == stapled.BindingMismatch && e.Status != 401 {
				t.Errorf("got %+v, want %q", e, row.reason)
			}
		})
	}
	// Through forward-auth: the connection never is the client's.
	f := newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: fronts})
	for name, row := range map[string]struct {
		header []string
		status int
	}{"own": {header(own), 200}, "other": {header(other), 401}, "none": {nil, 401}, "two": {append(header(own), header(own)...), 403}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.TLS = "10.0.0.1:1", &tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}}
		for _, line := range asked("Authorization: Bearer " + realm.subject("alice")) {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		r.Header["Client-Cert"] = row.header
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: %d, want %d", name, w.Code, row.status)
		}
	}
}

// TestBindTLSConfirmation: if a token has a cnf claim, it alone decides, at a
// route that is bound and at one that is not.
func TestBindTLSConfirmation(t *testing.T) {
	realm := newRealm(t)
	own, other := realm.client.Cert, testca.New().Leaf().Cert
	digest := sha256.Sum256(other.Raw)
	raw := realm.client.Token(func(token *testca.Token) {
		token.Claims.Set("cnf", map[string]string{"x5t#S256": base64.RawURLEncoding.EncodeToString(digest[:])})
	})
	for _, bind := range []gateway.Binding{gateway.Unbound, gateway.BindTLS} {
		g := newGateway(t, gateway.Config{Routes: []gateway.Route{{
			Name: "bound", Prefix: "/", Verifier: realm.verifier, Allow: []gateway.Rule{gateway.Anyone}, Bind: bind,
		}}})
		for name, row := range map[string]struct {
			peer   *x509.Certificate
			reason stapled.Reason
		}{
			"the peer that it names": {other, ""}, "the leaf, which it does not name": {own, stapled.BindingMismatch}, "no peer": {nil, stapled.BindingMismatch},
		} {
			e := g.Explain(gateway.Request{Method: "GET", Target: gateway.Target{Path: "/"}, Credentials: []string{"Bearer " + raw}, Peer: row.peer})
			if e.Reason != row.reason {
				t.Errorf("bind %d, %s: %+v, want %q", bind, name, e, row.reason)
			}
		}
	}
}
