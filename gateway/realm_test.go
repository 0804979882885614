// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

// realm is a CA, a client of it, and a gateway that trusts it. Nothing is
// faked.
type realm struct {
	client   *testca.Party
	verifier *verifier.Verifier
	gateway  *gateway.Gateway
	log      logBuffer
	observer outcomes
}

func newRealm(t *testing.T) *realm {
	t.Helper()
	root := testca.New()
	anchors, err := certs.NewAnchors(root.Cert)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "orders", Now: func() time.Time { return testca.Now }})
	if err != nil {
		t.Fatal(err)
	}
	r := &realm{client: root.Intermediate().Leaf(), verifier: v}
	r.gateway = newGateway(t, gateway.Config{Verifier: v, Logger: r.log.logger(), Observer: &r.observer})
	return r
}

// protected puts a proxy behind the gateway.
func (r *realm) protected(t *testing.T, cfg gateway.ProxyConfig) http.Handler {
	t.Helper()
	cfg.Logger = r.log.logger()
	p, err := gateway.NewProxy(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r.gateway.Wrap(p)
}

// proxy serves a proxy to an upstream, edited.
func (r *realm) proxy(t *testing.T, upstream string, edit func(*gateway.ProxyConfig)) *httptest.Server {
	t.Helper()
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	cfg := gateway.ProxyConfig{Upstream: u}
	if edit != nil {
		edit(&cfg)
	}
	return serve(t, r.protected(t, cfg))
}

// subject returns a token with this sub claim.
func (r *realm) subject(sub string) string {
	return r.client.Token(func(token *testca.Token) { token.Claims.Set("sub", sub) })
}

// The real verifier behind the middleware: each refusal has its own reason, and
// all look the same.
func TestEndToEnd(t *testing.T) {
	realm := newRealm(t)
	server := serve(t, realm.gateway.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := gateway.FromContext(r.Context())
		fmt.Fprintf(w, "%s for %s", token.Identity(), token.Subject())
	})))
	staple := func(edit func(*testca.Response)) string {
		return testca.NewToken(realm.client, realm.client.Staple(edit)).Compact()
	}
	stranger := testca.New(testca.Named("Stranger")).Leaf()
	good, bob := realm.subject("alice"), realm.subject("bob")
	var reasons []string
	for _, row := range []struct{ name, token, outcome string }{
		{"good", good, "accepted"},
		{"good, seen before", good, "accepted"},
		{"no staple", testca.NewToken(realm.client).Compact(), "staple_missing"},
		{"stale", staple(func(r *testca.Response) { r.Singles[0].NextUpdate = testca.Now.Add(-time.Second) }), "staple_stale"},
		{"revoked", staple(func(r *testca.Response) { r.Singles[0].Status = testca.Revoked }), "certificate_revoked"},
		{"good, but it is known now", good, "certificate_revoked"},
		{"another CA", stranger.Token(), "chain_untrusted"},
		{"signature of another token", good[:strings.LastIndexByte(good, '.')] + bob[strings.LastIndexByte(bob, '.'):], "signature_invalid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			response := exchange(t, server, get("Authorization: Bearer "+row.token))
			if row.outcome == "accepted" != strings.HasSuffix(response, "\r\n\r\n"+testIssuer+" for alice") ||
				row.outcome != "accepted" && response != refusal {
				t.Errorf("response: %q", response)
			}
		})
		reasons = append(reasons, row.outcome)
	}
	server.Close()
	realm.observer.check(t, reasons...)
}
