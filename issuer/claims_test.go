// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
)

func TestClaimsAsSigned(t *testing.T) {
	type custom struct {
		Roles []string `json:"roles"`
		Note  string   `json:"note,omitempty"`
	}
	const now = 1772366400 // testca.Now
	for _, row := range []struct {
		name   string
		claims issuer.Claims
		want   map[string]any // what differs from the rest
	}{
		{"audience only", forOrders, nil},
		{"two audiences", issuer.Claims{Audience: []string{"orders", "billing"}}, map[string]any{"aud": []any{"orders", "billing"}}},
		{"subject", issuer.Claims{Audience: []string{"orders"}, Subject: "alice"}, map[string]any{"sub": "alice"}},
		{"text with escapes", issuer.Claims{Audience: []string{`a"b\c` + "\n"}, Subject: "é<&>\u2028"},
			map[string]any{"aud": "a\"b\\c\n", "sub": "é<&>\u2028"}},
		{"extra map", issuer.Claims{Audience: []string{"orders"}, Extra: map[string]any{"scope": "read", "n": 1.5, "o": map[string]any{"iss": "inner"}}},
			map[string]any{"scope": "read", "n": 1.5, "o": map[string]any{"iss": "inner"}}},
		{"extra struct", issuer.Claims{Audience: []string{"orders"}, Extra: custom{Roles: []string{"a"}}}, map[string]any{"roles": []any{"a"}}},
		{"extra raw", issuer.Claims{Audience: []string{"orders"}, Extra: json.RawMessage(` { "x" : [ ] } `)}, map[string]any{"x": []any{}}},
		{"extra empty", issuer.Claims{Audience: []string{"orders"}, Extra: map[string]any{}}, nil},
		{"extra nil map", issuer.Claims{Audience: []string{"orders"}, Extra: map[string]any(nil)}, nil},
		{"peer", issuer.Claims{Audience: []string{"orders"}, Peer: &x509.Certificate{Raw: []byte("abc")}}, // FIPS 180-4, example of "abc"
			map[string]any{"cnf": map[string]any{"x5t#S256": "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}}},
		{"shorter lifetime", issuer.Claims{Audience: []string{"orders"}, TTL: time.Minute}, map[string]any{"exp": float64(now + 60)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(testca.P256)
			_, got := open(t, sign(t, newIssuer(t, leaf, fixed(t, leaf)), row.claims), leaf.Cert)
			id, err := base64.RawURLEncoding.DecodeString(fmt.Sprint(got["jti"]))
			if err != nil || len(id) != 16 {
				t.Errorf("jti %v is not 128 bits", got["jti"])
			}
			delete(got, "jti")
			want := map[string]any{
				"iss": "spiffe://test.example/client", "aud": "orders",
				"iat": float64(now), "nbf": float64(now), "exp": float64(now + 300),
			}
			for name, value := range row.want {
				want[name] = value
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestTokenIDsDiffer(t *testing.T) {
	leaf := newParty(testca.Ed25519)
	iss := newIssuer(t, leaf, fixed(t, leaf))
	seen := make(map[any]bool)
	for range 100 {
		_, claims := open(t, sign(t, iss, forOrders), leaf.Cert)
		if seen[claims["jti"]] {
			t.Fatal("a jti occurred twice")
		}
		seen[claims["jti"]] = true
	}
}

func TestClaimsRefused(t *testing.T) {
	nested := func(depth int) json.RawMessage {
		return json.RawMessage(`{"x":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`)
	}
	members := func(count int) map[string]any {
		m := make(map[string]any)
		for n := range count {
			m[fmt.Sprint("c", n)] = n
		}
		return m
	}
	extra := func(v any) issuer.Claims { return issuer.Claims{Audience: []string{"orders"}, Extra: v} }
	for _, row := range []struct {
		name   string
		claims issuer.Claims
		reason stapled.Reason // "" for accepted
	}{
		{"no audience", issuer.Claims{}, stapled.ClaimsInvalid},
		{"empty audience", issuer.Claims{Audience: []string{""}}, stapled.ClaimsInvalid},
		{"one empty audience of two", issuer.Claims{Audience: []string{"orders", ""}}, stapled.ClaimsInvalid},
		{"audience not UTF-8", issuer.Claims{Audience: []string{"\xff"}}, stapled.ClaimsInvalid},
		{"65 audiences", issuer.Claims{Audience: strings.Split(strings.Repeat("a,", 64)+"a", ",")}, stapled.ClaimsInvalid},
		{"64 audiences", issuer.Claims{Audience: strings.Split(strings.Repeat("a,", 63)+"a", ",")}, ""},
		{"subject not UTF-8", issuer.Claims{Audience: []string{"orders"}, Subject: "\xff"}, stapled.ClaimsInvalid},
		{"longer TTL", issuer.Claims{Audience: []string{"orders"}, TTL: 301 * time.Second}, stapled.ClaimsInvalid},
		{"negative TTL", issuer.Claims{Audience: []string{"orders"}, TTL: -time.Second}, stapled.ClaimsInvalid},
		{"TTL below a second", issuer.Claims{Audience: []string{"orders"}, TTL: time.Millisecond}, stapled.ClaimsInvalid},
		{"extra iss", extra(map[string]any{"iss": "x"}), stapled.ClaimsInvalid},
		{"extra sub", extra(map[string]any{"sub": "x"}), stapled.ClaimsInvalid},
		{"extra aud", extra(map[string]any{"aud": "x"}), stapled.ClaimsInvalid},
		{"extra iat", extra(map[string]any{"iat": 1}), stapled.ClaimsInvalid},
		{"extra nbf", extra(map[string]any{"nbf": 1}), stapled.ClaimsInvalid},
		{"extra exp", extra(map[string]any{"exp": 1}), stapled.ClaimsInvalid},
		{"extra jti", extra(map[string]any{"jti": "x"}), stapled.ClaimsInvalid},
		{"extra EXP", extra(map[string]any{"EXP": 1}), stapled.ClaimsInvalid},
		{"extra escaped exp", extra(json.RawMessage(`{"\u0065xp":1}`)), stapled.ClaimsInvalid},
		{"extra name twice", extra(json.RawMessage(`{"a":1,"a":2}`)), stapled.ClaimsInvalid},
		{"extra names that differ by case", extra(map[string]any{"role": 1, "Role": 2}), stapled.ClaimsInvalid},
		{"inner name twice", extra(json.RawMessage(`{"o":[{"a":1,"a":2}]}`)), stapled.ClaimsInvalid},
		{"inner names that differ by case", extra(json.RawMessage(`{"o":{"a":1,"A":2}}`)), stapled.ClaimsInvalid},
		{"inner names that differ by case, in a list", extra(map[string]any{"o": []any{map[string]any{"role": 1, "Role": 2}}}), stapled.ClaimsInvalid},
		{"extra SUB", extra(map[string]any{"SUB": "admin"}), stapled.ClaimsInvalid},
		{"extra sub with a long s", extra(map[string]any{"\u017fub": "admin"}), stapled.ClaimsInvalid},
		{"extra HTM", extra(map[string]any{"HTM": "GET"}), stapled.ClaimsInvalid},
		{"extra Email", extra(map[string]any{"Email": "a@test.example"}), ""},
		{"extra is a list", extra([]string{"a"}), stapled.ClaimsInvalid},
		{"extra is a string", extra("a"), stapled.ClaimsInvalid},
		{"extra is a number", extra(1), stapled.ClaimsInvalid},
		{"extra cannot be encoded", extra(func() {}), stapled.ClaimsInvalid},
		{"extra is no JSON", extra(json.RawMessage(`{"a":1}}`)), stapled.ClaimsInvalid},
		{"extra not UTF-8", extra(json.RawMessage("{\"a\":\"\xff\"}")), stapled.ClaimsInvalid},
		{"half a surrogate pair", extra(json.RawMessage(`{"a":"\ud800"}`)), stapled.ClaimsInvalid},
		{"the other half", extra(json.RawMessage(`{"a":"\udc00"}`)), stapled.ClaimsInvalid},
		{"halves apart", extra(json.RawMessage(`{"a":"\ud83d.\ude00"}`)), stapled.ClaimsInvalid},
		{"half before another escape", extra(json.RawMessage(`{"a":"\ud83d\n"}`)), stapled.ClaimsInvalid},
		{"half before a character", extra(json.RawMessage(`{"a":"\ud83d\u0041"}`)), stapled.ClaimsInvalid},
		{"a surrogate pair", extra(json.RawMessage(`{"a":"\\\ud83d\ude00"}`)), ""},
		{"an escaped backslash before ud800", extra(json.RawMessage(`{"a":"\\ud800"}`)), ""},
		{"nested 16 deep", extra(nested(16)), ""},
		{"nested 17 deep", extra(nested(17)), stapled.ClaimsInvalid},
		{"256 members", extra(members(250)), ""},
		{"257 members", extra(members(251)), stapled.ClaimsInvalid},
		{"256 members, one of them sub", issuer.Claims{Audience: []string{"orders"}, Subject: "alice", Extra: members(249)}, ""},
		{"257 members, one of them sub", issuer.Claims{Audience: []string{"orders"}, Subject: "alice", Extra: members(250)}, stapled.ClaimsInvalid},
		{"too much", extra(map[string]any{"blob": strings.Repeat("x", 16<<10)}), stapled.TooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(testca.P256)
			iss := newIssuer(t, leaf, fixed(t, leaf))
			raw, err := iss.Sign(t.Context(), row.claims)
			if row.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantReason(t, err, row.reason)
			if raw != "" {
				t.Error("a token beside an error")
			}
		})
	}
}

// TestLargestToken finds the size at which Sign begins to refuse.
func TestLargestToken(t *testing.T) {
	leaf := newParty(testca.P256)
	iss := newIssuer(t, leaf, fixed(t, leaf))
	largest := 0
	sort.Search(16<<10, func(size int) bool {
		raw, err := iss.Sign(t.Context(), issuer.Claims{Audience: []string{"orders"}, Extra: map[string]string{"blob": strings.Repeat("x", size)}})
		if err != nil {
			wantReason(t, err, stapled.TooLarge)
		}
		largest = max(largest, len(raw))
		return err != nil
	})
	if largest > 16<<10 || largest < 16<<10-2 {
		t.Errorf("the largest token has %d bytes, want 16384 or hardly less", largest)
	}
}
