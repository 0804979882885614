// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func credentials(values ...string) gateway.Request { return gateway.Request{Credentials: values} }

// The decision needs no protocol: values in, a token or a refusal out.
func TestDecide(t *testing.T) {
	realm := newRealm(t)
	good := realm.subject("alice")
	for _, row := range []struct {
		name    string
		request gateway.Request
		reason  stapled.Reason
	}{
		{"accepted", credentials("Bearer " + good), ""},
		{"the zero request", gateway.Request{}, stapled.CredentialsMissing},
		{"two fields", credentials("Bearer "+good, "Bearer "+good), stapled.CredentialsMalformed},
		{"another scheme", credentials("Basic YTpi"), stapled.CredentialsMalformed},
		{"another token", credentials("Bearer " + good + "A"), stapled.SignatureInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			grant, refusal := realm.gateway.Decide(t.Context(), row.request)
			token := grant.Token()
			if row.reason == "" {
				if refusal != nil || token.Subject() != "alice" {
					t.Errorf("got %v, refused for %+v", token.Subject(), refusal)
				}
				return
			}
			if token != (verifier.Token{}) || refusal == nil {
				t.Fatalf("a token, or no refusal: %+v", refusal)
			}
			want := gateway.Refusal{Status: 401, Challenge: `Bearer error="invalid_token"`, Reason: row.reason, Detail: refusal.Detail}
			if *refusal != want || refusal.Detail == "" {
				t.Errorf("refused with %+v, want %+v", *refusal, want)
			}
		})
	}
	realm.observer.check(t, "accepted", "credentials_missing", "credentials_malformed", "credentials_malformed", "signature_invalid")
}

// The detail of a refusal is safe to log.
func TestRefusalNeverHoldsTheToken(t *testing.T) {
	raw := strings.Repeat("header", 10) + "." + strings.Repeat("payload", 10) + "." + strings.Repeat("signed", 10)
	g := newGateway(t, gateway.Config{Verifier: rejectFor(errors.New(raw + strings.Repeat("x", 5000)))})
	_, refusal := g.Decide(t.Context(), credentials("Bearer "+raw))
	if refusal == nil || !strings.Contains(refusal.Detail, "[token]") || strings.Contains(refusal.Detail, "payload") || len(refusal.Detail) > 300 {
		t.Errorf("the detail is %+v", refusal)
	}
}

// How the middleware converts a net/http request.
func TestRequestOf(t *testing.T) {
	realm, peer := newRealm(t), &x509.Certificate{Raw: []byte("peer")}
	for _, row := range []struct {
		name, target string
		secure       bool
		want         gateway.Target
	}{
		{"plain", "/orders/7?a=b", false, gateway.Target{Scheme: "http", Host: "example.com", Path: "/orders/7", RawQuery: "a=b"}},
		{"over TLS", "/", true, gateway.Target{Scheme: "https", Host: "example.com", Path: "/"}},
		{"encoded", "/a%2Fb%20c/%c3%a9?x=%2F&y", false, gateway.Target{Scheme: "http", Host: "example.com", Path: "/a%2Fb%20c/%c3%a9", RawQuery: "x=%2F&y"}},
		{"encoded as usual", "/a%20b", false, gateway.Target{Scheme: "http", Host: "example.com", Path: "/a%20b"}},
		{"not encoded", "/a|b;c", false, gateway.Target{Scheme: "http", Host: "example.com", Path: "/a|b;c"}},
		{"absolute form", "http://other.example/x", false, gateway.Target{Scheme: "http", Host: "other.example", Path: "/x"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("PATCH", row.target, nil)
			r.Header["Authorization"] = []string{"Bearer a.b.c", "x"}
			r.Header.Set("X-Forwarded-Proto", "https")
			r.TLS = nil
			if row.secure {
				r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{peer}}
			}
			got := gateway.RequestOf(realm.gateway, r)
			if got.Target != row.want || got.Method != "PATCH" || got.RemoteAddr != "192.0.2.1:1234" || len(got.Credentials) != 2 {
				t.Errorf("got %+v, want the target %+v", got, row.want)
			}
			if (got.Peer == peer) != row.secure {
				t.Errorf("the peer is %v", got.Peer)
			}
		})
	}
}
