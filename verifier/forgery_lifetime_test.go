// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"math"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestForgeriesOfTimes has claims whose times contradict each other, each of
// them plausible with the leeway.
func TestForgeriesOfTimes(t *testing.T) {
	w := theWorld()
	for _, c := range []struct {
		name          string
		iat, nbf, exp time.Duration
		want          stapled.Reason
	}{
		{"T14 exp before iat and after nbf", 30 * time.Second, 0, 20 * time.Second, stapled.ClaimsInvalid},
		{"T14 exp before nbf and after iat", 0, 30 * time.Second, 20 * time.Second, stapled.ClaimsInvalid},
		{"T14 exp at iat and after nbf", 30 * time.Second, 0, 30 * time.Second, stapled.ClaimsInvalid},
		{"T14 exp at nbf and after iat", 0, 30 * time.Second, 30 * time.Second, stapled.ClaimsInvalid},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			v := newVerifier(t, w.config(&clock{testca.Now}))
			raw := w.leaf.Token(func(t *testca.Token) {
				t.Claims.Set("iat", unix(c.iat))
				t.Claims.Set("nbf", unix(c.nbf))
				t.Claims.Set("exp", unix(c.exp))
			})
			mustReject(t, v, raw, c.want)
			mustReject(t, v, raw, c.want)
		})
	}
}

// A verifier that sets no bound on lifetimes still wants to know when a token
// was issued.
func TestForgeriesOfLifetimes(t *testing.T) {
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.MaxLifetime = math.MaxInt64
	v := newVerifier(t, cfg)
	mustAccept(t, v, w.leaf.Token())
	for _, claim := range []string{"iat", "nbf", "exp"} {
		t.Run("T14_"+claim+"_absent", func(t *testing.T) {
			mustReject(t, v, w.leaf.Token(func(t *testca.Token) { t.Claims.Drop(claim) }), stapled.ClaimsInvalid)
		})
	}
}
