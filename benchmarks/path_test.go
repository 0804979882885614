// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

func newSetup(t testing.TB) *Setup {
	t.Helper()
	s, err := NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEveryPathAccepts holds that no path measures how fast something fails.
func TestEveryPathAccepts(t *testing.T) {
	for _, p := range newSetup(t).Paths() {
		t.Run(p.Name, func(t *testing.T) {
			do, err := p.Batch(4)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 4 {
				if err := do(i); err != nil {
					t.Errorf("operation %d: %v", i, err)
				}
			}
		})
	}
}

// TestEveryVerifierRejects holds that each of them does verify: a token with
// another signature, and one for another audience.
func TestEveryVerifierRejects(t *testing.T) {
	s := newSetup(t)
	signed := func(header bool, audience string) string {
		c := s.clients[testca.P256]
		token := testca.NewToken(c.leaf, c.staple)
		if !header {
			token.Header = testca.Members{{Name: "alg", Value: "ES256"}, {Name: "typ", Value: "JWT"}}
		}
		token.Claims.Set("aud", audience)
		token.Claims.Set("exp", testca.Now.Add(lifetime).Unix())
		return token.Compact()
	}
	swapped := func(header bool) string {
		one, other := signed(header, audience), signed(header, audience)
		return one[:strings.LastIndexByte(one, '.')] + other[strings.LastIndexByte(other, '.'):len(other)-4] + "AAAA"
	}
	for _, row := range []struct {
		name      string
		ourHeader bool
		verify    func(string) error
	}{
		{"stapled", true, s.verify},
		{"golang-jwt", false, s.golangJWT()},
		{"golang-jwt, our header", true, s.golangJWT()},
		{"go-jose", false, s.goJOSE()},
		{"go-jose, our header", true, s.goJOSE()},
		{"jwx", false, s.jwx()},
		{"jwx, our header", true, s.jwx()},
		{"naive", true, s.naive()},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.verify(signed(row.ourHeader, audience)); err != nil {
				t.Errorf("a valid token: %v", err)
			}
			if row.verify(swapped(row.ourHeader)) == nil {
				t.Error("accepts another signature")
			}
			if row.verify(signed(row.ourHeader, "invoices")) == nil {
				t.Error("accepts another audience")
			}
		})
	}
}

// TestSameTokens holds that peers see the header and claims that stapled does.
func TestSameTokens(t *testing.T) {
	s := newSetup(t)
	for _, sign := range []struct {
		name   string
		signer func() (func() (string, error), error)
	}{
		{"golang-jwt", s.golangJWTSigner}, {"go-jose", s.goJOSESigner}, {"jwx", s.jwxSigner},
	} {
		t.Run(sign.name, func(t *testing.T) {
			signer, err := sign.signer()
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := signer()
			if err != nil {
				t.Fatal(err)
			}
			ours, err := s.clients[testca.P256].sign(1)
			if err != nil {
				t.Fatal(err)
			}
			for segment, name := range []string{"header", "claims"} {
				if a, b := memberNames(t, ours[0], segment), memberNames(t, theirs, segment); !slices.Equal(a, b) {
					t.Errorf("%s: %v, and stapled has %v", name, b, a)
				}
			}
			if a, b := strings.IndexByte(ours[0], '.'), strings.IndexByte(theirs, '.'); a != b {
				t.Errorf("a header of %d bytes, and stapled has %d", b, a)
			}
		})
	}
}

func memberNames(t *testing.T, raw string, segment int) []string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[segment])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestQuantile holds the statistics.
func TestQuantile(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.75: 4, 1: 5, 0.125: 1.5} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile %g of %v is %g, not %g", q, values, got, want)
		}
	}
	if got := spread([]float64{2, 9, 4}, []float64{1, 3, 1}, 2).Median; got != 1.5 {
		t.Errorf("the median of ratios is %g, not 1.5", got)
	}
}

// TestReport measures a little and holds that every part of it is told.
func TestReport(t *testing.T) {
	plan := Plan{Rounds: 2, Slot: time.Millisecond, Tokens: 100, Leaves: 100, Issuers: 20, Budget: time.Minute, Progress: t.Logf}
	m, err := newSetup(t).Measure(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Paths {
		if len(m.times[p.Name]) != plan.Rounds || m.Nanoseconds(p.Name) <= 0 {
			t.Errorf("%s: %d rounds, %g ns", p.Name, len(m.times[p.Name]), m.Nanoseconds(p.Name))
		}
	}
	text, err := json.Marshal(m.Ratios())
	if err != nil {
		t.Fatal(err)
	}
	var ratios map[string]any
	if err := json.Unmarshal(text, &ratios); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"hot", "warm_es256", "warm_eddsa", "warm_rs256", "restaple", "cold", "scaling_2", "sign_es256",
		"vs_golang_jwt", "vs_go_jose_naive", "warm_allocs", "sign_allocs", "issuers_vs_cold", "cached_header", "strangers", "stranger_verifications",
	} {
		if ratio, ok := ratios[key].(float64); !ok || ratio <= 0 {
			t.Errorf("%s is %v", key, ratios[key])
		}
	}
	if _, ok := ratios["hot_allocs"]; !ok {
		t.Error("hot_allocs is absent")
	}
	if sizes, ok := ratios["token_sizes"].([]any); !ok || len(sizes) != 24 {
		t.Errorf("token_sizes is %v", ratios["token_sizes"])
	}
	var page, terminal strings.Builder
	report := Report{Measurement: m, Machine: ThisMachine(), Plan: plan, Benchstat: "a summary"}
	if err := report.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	if err := report.Text(&terminal); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"token seen before", "golang-jwt, our header", "Issuer.Sign", "20 distinct issuers", "RSA 4096", m.WorstStranger().Name} {
		if !strings.Contains(page.String(), want) || !strings.Contains(terminal.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !strings.Contains(page.String(), "a summary") {
		t.Error("benchstat's summary is missing")
	}
}
