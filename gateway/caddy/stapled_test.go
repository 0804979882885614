// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package caddy

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"

	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
)

func anchorFile(t *testing.T, ca *stapledtest.CA) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "root.pem")
	writeAnchor(t, name, ca)
	return name
}

func writeAnchor(t *testing.T, name string, ca *stapledtest.CA) {
	t.Helper()
	der := ca.Anchors().Certificates()[0].Raw
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// provisioned returns a provider as Caddy makes one.
func provisioned(t *testing.T, s *Stapled) *Stapled {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	t.Cleanup(cancel)
	if err := s.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve sends a request through Caddy's own authentication handler. It returns
// the status, the headers of the answer, and the request as the upstream sees
// it, or nil.
func serve(t *testing.T, s *Stapled, header http.Header) (int, http.Header, *http.Request) {
	t.Helper()
	auth := caddyauth.Authentication{Providers: map[string]caddyauth.Authenticator{"stapled": s}}
	var upstream *http.Request
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header = header
	w := httptest.NewRecorder()
	repl := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, repl, w, nil)
	err := auth.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		upstream = r
		return nil
	}))
	status := http.StatusOK
	if err != nil {
		e, ok := err.(caddyhttp.HandlerError)
		if !ok {
			t.Fatalf("ServeHTTP: %v, want a HandlerError", err)
		}
		status = e.StatusCode
	}
	return status, w.Header(), upstream
}

func TestAuthenticate(t *testing.T) {
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	anchor := anchorFile(t, ca)
	good := ca.Token(orders, issuer.Claims{Audience: []string{"billing"}, Subject: "alice"})
	tests := []struct {
		name   string
		edit   func(*Stapled)
		header http.Header
		want   int
	}{
		{"good", nil, http.Header{"Authorization": {"Bearer " + good}}, 200},
		{"missing", nil, http.Header{}, 401},
		{"garbage", nil, http.Header{"Authorization": {"Bearer a.b.c"}}, 401},
		{"two headers", nil, http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}, 401},
		{"joined", nil, http.Header{"Authorization": {"Bearer " + good + ", Bearer " + good}}, 401},
		{"another audience", func(s *Stapled) { s.Audience = "orders" }, http.Header{"Authorization": {"Bearer " + good}}, 401},
		{"another issuer", func(s *Stapled) { s.Issuers = []string{"https://x.internal"} }, http.Header{"Authorization": {"Bearer " + good}}, 401},
		{"another type", func(s *Stapled) { s.Type = "at+jwt" }, http.Header{"Authorization": {"Bearer " + good}}, 401},
		{"too old a staple", func(s *Stapled) { s.MaxStapleAge = 1 }, http.Header{"Authorization": {"Bearer " + good}}, 401},
		{"another header", func(s *Stapled) { s.TokenHeader = "X-Token" }, http.Header{"X-Token": {good}}, 200},
		{"another header, but the token in the usual one", func(s *Stapled) { s.TokenHeader = "X-Token" }, http.Header{"Authorization": {"Bearer " + good}}, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Stapled{Anchors: []string{anchor}, Audience: "billing"}
			if tt.edit != nil {
				tt.edit(s)
			}
			status, header, upstream := serve(t, provisioned(t, s), tt.header)
			if status != tt.want || (upstream != nil) != (tt.want == 200) {
				t.Fatalf("%d, reached the upstream: %t; want %d", status, upstream != nil, tt.want)
			}
			if got, want := header.Get("WWW-Authenticate") != "", tt.want == 401; got != want {
				t.Errorf("WWW-Authenticate %q", header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestIdentityReachesTheUpstream(t *testing.T) {
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	forged := func(raw string) http.Header {
		return http.Header{
			"Authorization": {"Bearer " + raw}, "Stapled-Subject": {"admin"}, "stapled-subject": {"admin"},
			"STAPLED-SUBJECT": {"admin"}, "Stapled_Subject": {"admin"}, "Stapled.Identity": {"admin"}, "Stapledriver": {"kept"},
		}
	}
	for _, subject := range []string{"alice", ""} {
		s := provisioned(t, &Stapled{Anchors: []string{anchorFile(t, ca)}, Audience: "billing"})
		_, _, upstream := serve(t, s, forged(ca.Token(orders, issuer.Claims{Audience: []string{"billing"}, Subject: subject})))
		if upstream == nil {
			t.Fatal("refused")
		}
		for name, values := range upstream.Header {
			for _, value := range values {
				if value == "admin" {
					t.Errorf("subject %q: a forged %s reached the upstream", subject, name)
				}
			}
		}
		h := upstream.Header
		if h.Get("Stapled-Identity") != "https://orders.internal" || h.Get("Stapled-Subject") != subject || h.Get("Stapledriver") != "kept" {
			t.Errorf("subject %q: headers are %v", subject, h)
		}
		if h.Get("Authorization") != "" {
			t.Error("the token reached the upstream")
		}
		repl := upstream.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
		got := repl.ReplaceAll("{http.auth.user.id} {http.auth.user.issuer} {http.auth.user.subject}", "")
		if want := "https://orders.internal https://orders.internal " + subject; got != want {
			t.Errorf("placeholders: %q, want %q", got, want)
		}
		if jti := repl.ReplaceAll("{http.auth.user.jti}", ""); jti == "" || !strings.Contains(repl.ReplaceAll("{http.auth.user.claims}", ""), jti) {
			t.Errorf("jti %q is not in the claims", jti)
		}
	}
	s := provisioned(t, &Stapled{Anchors: []string{anchorFile(t, ca)}, Audience: "billing", UnsafeForwardToken: true})
	_, _, upstream := serve(t, s, forged(ca.Token(orders, issuer.Claims{Audience: []string{"billing"}})))
	if upstream == nil || upstream.Header.Get("Authorization") == "" {
		t.Error("unsafe_forward_token: the token did not reach the upstream")
	}
}

// A header that only the gateway may set is removed even from a request that
// another provider of the same handler might let in.
func TestRefusedRequestLosesForgedHeaders(t *testing.T) {
	s := provisioned(t, &Stapled{Anchors: []string{anchorFile(t, stapledtest.NewCA(t))}, Audience: "billing"})
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header = http.Header{"Stapled_Subject": {"admin"}}
	if _, ok, err := s.Authenticate(httptest.NewRecorder(), r); ok || err != nil || len(r.Header) != 0 {
		t.Errorf("accepted %t, error %v, headers %v", ok, err, r.Header)
	}
}

func TestZeroAcceptsNothing(t *testing.T) {
	_, ok, err := new(Stapled).Authenticate(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if ok || err == nil {
		t.Errorf("accepted %t, error %v", ok, err)
	}
}

// Sites share a verifier, and a new configuration takes it over from the old
// one, so that what is known of revocations survives a reload.
func TestReloadForgetsNoRevocation(t *testing.T) {
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	anchor := anchorFile(t, ca)
	good := ca.Token(orders, issuer.Claims{Audience: []string{"billing"}})
	revoked := ca.TokenWithStaple(orders, ca.Staple(orders, stapledtest.Revoked), "billing")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()

	before := &Stapled{Anchors: []string{anchor}, Audience: "billing"}
	if err := before.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{good, revoked} {
		serve(t, before, http.Header{"Authorization": {"Bearer " + raw}})
	}
	after := provisioned(t, &Stapled{Anchors: []string{anchor}, Audience: "billing", Issuers: []string{"https://orders.internal"}})
	if err := before.Cleanup(); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := serve(t, after, http.Header{"Authorization": {"Bearer " + good}}); status != 401 {
		t.Errorf("a token of a revoked certificate after a reload: %d, want 401", status)
	}
}

func TestCleanupEndsTheFollowing(t *testing.T) {
	s := &Stapled{Anchors: []string{anchorFile(t, stapledtest.NewCA(t))}, Audience: "billing"}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	if err := s.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	key := s.pool
	for range 2 { // the second does nothing
		if err := s.Cleanup(); err != nil {
			t.Fatal(err)
		}
	}
	if n, ok := pool.References(key); ok {
		t.Errorf("%d references are left", n)
	}
}

func TestProvisionRefuses(t *testing.T) {
	anchor := anchorFile(t, stapledtest.NewCA(t))
	tests := []struct {
		name string
		s    Stapled
		want string
	}{
		{"nothing", Stapled{}, "no anchor"},
		{"no audience", Stapled{Anchors: []string{anchor}}, "no audience"},
		{"empty issuers", Stapled{Anchors: []string{anchor}, Audience: "billing", Issuers: []string{}}, "issuers is empty"},
		{"negative age", Stapled{Anchors: []string{anchor}, Audience: "billing", MaxStapleAge: -1}, "max_staple_age is negative"},
		{"no such file", Stapled{Anchors: []string{anchor + ".none"}, Audience: "billing"}, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
			defer cancel()
			err := tt.s.Provision(ctx)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Provision: %v, want %q", err, tt.want)
			}
			if err := tt.s.Cleanup(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCaddyfile(t *testing.T) {
	tests := []struct{ name, block, want string }{
		{"all", "anchor a.pem b.pem\n anchor c.pem\n audience billing\n issuer https://a.internal\n type at+jwt\n max_staple_age 15m\n token_header X-Token\n unsafe_forward_token", ""},
		{"the least", "anchor a.pem\n audience billing", ""},
		{"no anchor", "audience billing", "no anchor"},
		{"no audience", "anchor a.pem", "no audience"},
		{"unknown", "anchor a.pem\n audience billing\n realm x", `unknown setting "realm"`},
		{"unknown without a value", "anchor a.pem\n audience billing\n realm", `unknown setting "realm"`},
		{"audience twice", "anchor a.pem\n audience billing\n audience orders", "audience is given twice"},
		{"two audiences", "anchor a.pem\n audience billing orders", "wrong argument count"},
		{"no file", "anchor\n audience billing", "wrong argument count"},
		{"no duration", "anchor a.pem\n audience billing\n max_staple_age soon", "must be a positive duration"},
		{"a value where none belongs", "anchor a.pem\n audience billing\n unsafe_forward_token yes", "wrong argument count"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			adapter := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}
			config, _, err := adapter.Adapt([]byte("http://127.0.0.1:0 {\n stapled {\n "+tt.block+"\n }\n}\n"), nil)
			if tt.want == "" {
				if err != nil || !strings.Contains(string(config), `"stapled":{"anchors":["a.pem"`) {
					t.Errorf("%s, %v", config, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
