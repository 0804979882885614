// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// hits are the counters of the caches.
func hits(v *Verifier) [3]uint64 {
	s := v.Stats()
	return [3]uint64{s.TokenHits, s.HeaderHits, s.Misses}
}

func TestStatsCountWhatIsCached(t *testing.T) {
	w := theWorld()
	at := &clock{testca.Now}
	v := newVerifier(t, w.config(at))
	view, err := v.View(ViewConfig{Audience: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	staple := w.leaf.Staple()
	withID := func(id string) string {
		return w.leaf.Token(func(t *testca.Token) {
			t.Header.Set("ocsp", encodeStaples(staple))
			t.Claims.Set("jti", id)
		})
	}
	first, second := withID("first"), withID("second")
	for _, step := range []struct {
		name string
		do   func()
		want [3]uint64
	}{
		{"new", func() { mustAccept(t, v, first) }, [3]uint64{0, 0, 1}},
		{"again", func() { mustAccept(t, v, first) }, [3]uint64{1, 0, 1}},
		{"another with the same header", func() { mustAccept(t, v, second) }, [3]uint64{1, 1, 1}},
		{"in another view", func() { mustAccept(t, view, first) }, [3]uint64{1, 2, 1}},
		{"no token", func() { mustReject(t, v, "garbage", stapled.Malformed) }, [3]uint64{1, 2, 1}},
		{"a stranger", func() { mustReject(t, v, w.stranger.Leaf().Token(), stapled.ChainUntrusted) }, [3]uint64{1, 2, 2}},
		{"a new set of anchors", func() {
			if err := v.SetAnchors(w.anchors); err != nil {
				t.Fatal(err)
			}
			mustAccept(t, v, first)
		}, [3]uint64{1, 2, 3}},
	} {
		step.do()
		if got := hits(v); got != step.want || hits(view) != got {
			t.Errorf("%s: token, header, none: %d, want %d; the view has %d", step.name, got, step.want, hits(view))
		}
	}
	tokens, headers, links := v.cached()
	if s := v.Stats(); s.Tokens.Bytes != tokens || s.Headers.Bytes != headers || s.Certificates.Bytes != links || tokens == 0 || headers == 0 || links == 0 {
		t.Errorf("%+v, and the caches have %d, %d, %d", s, tokens, headers, links)
	}
}

func TestStatsCountEvictions(t *testing.T) {
	const budget, each = 1 << 10, 1 << 6
	c := newCache[int](budget, each)
	for range 3 { // the same entry displaces nothing
		c.put(0, "again", 0, each)
	}
	if n := c.stats().Evicted; n != 0 {
		t.Errorf("%d evicted by the same entry", n)
	}
	for i := range 1000 {
		c.put(0, fmt.Sprint(i), i, each)
	}
	if n, left := c.stats().Evicted, uint64(checkAccount(t, c)); n+left != 1001 {
		t.Errorf("%d evicted and %d left, of 1001", n, left)
	}
}

func TestStatsOfRevocations(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	revoked := w.leaf.Token(func(t *testca.Token) {
		t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(func(r *testca.Response) { r.Singles[0].Status = testca.Revoked })))
	})
	mustReject(t, v, revoked, stapled.CertificateRevoked)
	mustReject(t, v, revoked, stapled.CertificateRevoked)
	if s := v.Stats(); s.Revocations != (KnownStats{Certificates: 1}) || s.Lifts != (KnownStats{}) {
		t.Errorf("%+v", s)
	}
}

func TestStatsOfTheZeroVerifier(t *testing.T) {
	if s := new(Verifier).Stats(); s != (Stats{}) {
		t.Errorf("%+v", s)
	}
}
