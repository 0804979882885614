// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

func algorithmNames() (names []string) {
	for _, alg := range certkey.Algorithms() {
		names = append(names, string(alg))
	}
	return names
}

func TestDefaults(t *testing.T) {
	v := newVerifier(t, Config{Anchors: theWorld().anchors, Audience: "orders"})
	cfg := v.cfg
	if v.view.Type != "stapled+jwt" || cfg.KeyUsage != x509.ExtKeyUsageClientAuth || cfg.StapleChain ||
		cfg.MaxStapleAge != time.Hour || v.view.MaxLifetime != time.Hour || v.leeway != time.Minute ||
		!slices.Equal(cfg.Algorithms, algorithmNames()) {
		t.Errorf("the defaults are %+v", cfg)
	}
	if v.freshness != (ocspstaple.Freshness{MaxAge: time.Hour}) {
		t.Errorf("staples are held to %+v", v.freshness)
	}
	if v.tokens.budget != 32<<20 || v.headers.budget != 32<<20 || v.links.budget != 16<<20 {
		t.Error("the budgets of the caches are others")
	}
	if since := time.Since(cfg.Now()); since < 0 || since > time.Minute {
		t.Errorf("the clock is %s behind", since)
	}
}

// Verify reads the clock once per token.
func TestClockIsReadOnce(t *testing.T) {
	w := theWorld()
	reads := 0
	cfg := w.config(&clock{})
	cfg.Now = func() time.Time {
		reads++
		return testca.Now
	}
	v := newVerifier(t, cfg)
	raw := w.leaf.Token()
	for _, other := range []string{raw, raw, withBadSignature(raw), w.leaf.Token(), w.stranger.Leaf().Token(), "", "a.b.c"} {
		reads = 0
		v.outcome(t, other)
		if reads != 1 {
			t.Errorf("read %d times", reads)
		}
	}
}
