// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestBindingsOverTLS: a stolen token over real connections. Only the holder of
// the key gets in, with a cnf also at a route that asks for no binding, and
// whatever was accepted before.
func TestBindingsOverTLS(t *testing.T) {
	owner, v := issuance().client, issuance().verifier
	thief := testca.New().Leaf(testca.Named("thief"))
	serve := func(trusted string) *httptest.Server {
		rules := []gateway.Rule{gateway.Anyone}
		g := newGateway(t, gateway.Config{
			FrontProxies: gateway.FrontProxies{Networks: []netip.Prefix{netip.MustParsePrefix(trusted)}, ClientCertificate: gateway.ClientCertRFC9440},
			Routes: []gateway.Route{
				{Name: "bound", Prefix: "/bound", Verifier: v, Allow: rules, Bind: gateway.BindTLS},
				{Name: "plain", Prefix: "/", Verifier: v, Allow: rules},
			},
		})
		s := httptest.NewUnstartedServer(g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "in") })))
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	direct, fronted := serve("192.0.2.0/24"), serve("127.0.0.0/8")
	unbound := owner.Token()
	sum := sha256.Sum256(owner.Cert.Raw)
	bound := owner.Token(func(t *testca.Token) {
		t.Claims.Set("cnf", map[string]string{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])})
	})
	forOthers := owner.Token(func(t *testca.Token) {
		sum := sha256.Sum256(thief.Cert.Raw)
		t.Claims.Set("cnf", map[string]string{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])})
	})
	header := ":" + base64.StdEncoding.EncodeToString(owner.Cert.Raw) + ":"
	for _, row := range []struct {
		name   string
		server *httptest.Server
		path   string
		client *testca.Party
		token  string
		header string
		want   int
	}{
		{"the owner at a bound route", direct, "/bound", owner, unbound, "", 200},
		{"the owner with a cnf", direct, "/bound", owner, bound, "", 200},
		{"the owner with a cnf at a route that does not ask", direct, "/", owner, bound, "", 200},
		{"a stolen token at a bound route", direct, "/bound", thief, unbound, "", 401},
		{"a stolen token without a certificate", direct, "/bound", nil, unbound, "", 401},
		{"a stolen token with a cnf", direct, "/bound", thief, bound, "", 401},
		{"a cnf at a route that does not ask, another client", direct, "/", thief, bound, "", 401},
		{"a cnf at a route that does not ask, no certificate", direct, "/", nil, bound, "", 401},
		{"a forged Client-Cert", direct, "/bound", thief, unbound, header, 401},
		{"a forged Client-Cert, no certificate", direct, "/bound", nil, unbound, header, 401},
		{"a forged Client-Cert and a cnf", direct, "/", thief, bound, header, 401},
		{"a forged Client-Cert and a cnf, no certificate", direct, "/", nil, bound, header, 401},
		{"the leaf where cnf names another", direct, "/bound", owner, forOthers, "", 401},
		{"the client that cnf names", direct, "/bound", thief, forOthers, "", 200},
		{"a bearer token where nothing binds", direct, "/", thief, unbound, "", 200},
		{"through a proxy", fronted, "/bound", nil, unbound, header, 200},
		{"through a proxy with a certificate of its own", fronted, "/bound", thief, bound, header, 200},
		{"a proxy's own certificate", fronted, "/bound", owner, bound, "", 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			transport := row.server.Client().Transport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			if row.client != nil {
				transport.TLSClientConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{row.client.Cert.Raw}, PrivateKey: row.client.Key}}
			}
			r, err := http.NewRequest("GET", row.server.URL+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+row.token)
			if row.header != "" {
				r.Header.Set("Client-Cert", row.header)
			}
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != row.want {
				t.Errorf("status %d, want %d", response.StatusCode, row.want)
			}
		})
	}
}
