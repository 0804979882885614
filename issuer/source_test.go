// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
)

func TestTokenSource(t *testing.T) {
	leaf, clock := newParty(testca.P256), newClock()
	iss := newIssuer(t, leaf, fixed(t, leaf), func(c *issuer.Config) { c.Now = clock.now })
	source, err := iss.NewTokenSource(issuer.Claims{Audience: []string{"orders"}, Subject: "alice", TTL: 100 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	first, renewal, err := source.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := testca.Now.Add(80 * time.Second); !renewal.Equal(want) {
		t.Errorf("renewal at %s, want %s", renewal, want)
	}
	if _, claims := open(t, first, leaf.Cert); claims["sub"] != "alice" || claims["aud"] != "orders" {
		t.Errorf("claims %v", claims)
	}
	clock.advance(80*time.Second - 1)
	if again, _, err := source.Token(t.Context()); err != nil || again != first {
		t.Errorf("before the renewal: another token, or %v", err)
	}
	clock.advance(1)
	if next, _, err := source.Token(t.Context()); err != nil || next == first {
		t.Errorf("at the renewal: the same token, or %v", err)
	}
}

func TestTokenSourceRefuses(t *testing.T) {
	leaf := newParty(testca.P256)
	iss := newIssuer(t, leaf, fixed(t, leaf))
	for _, row := range []struct {
		name   string
		claims issuer.Claims
	}{
		{"no audience", issuer.Claims{}},
		{"a claim of the issuer's", issuer.Claims{Audience: []string{"orders"}, Extra: map[string]any{"exp": 1}}},
		{"a longer TTL", issuer.Claims{Audience: []string{"orders"}, TTL: time.Hour}},
		{"a negative TTL", issuer.Claims{Audience: []string{"orders"}, TTL: -1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			source, err := iss.NewTokenSource(row.claims)
			wantReason(t, err, stapled.ClaimsInvalid)
			if source != nil {
				t.Error("a source beside an error")
			}
		})
	}
}
