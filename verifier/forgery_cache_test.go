// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestForgeriesOfCaches tries to make a verifier take one cached thing for
// another.
func TestForgeriesOfCaches(t *testing.T) {
	w := theWorld()
	mine, others := w.leaf.Token(), w.other.Token()
	// A second CA with the intermediate's name, under the same root.
	namesake := w.root.Intermediate(testca.WithKey(testca.Key(testca.P256, "namesake")))
	for _, c := range []struct {
		name   string
		forged string
		want   stapled.Reason
	}{
		{"T11 payload and signature under the header of another, both hot", splice(mine, others, others), stapled.SignatureInvalid},
		{"T11 the other way round", splice(others, mine, mine), stapled.SignatureInvalid},
		{"T05 known leaf below a namesake of its issuer, which staples it", w.leaf.Token(func(t *testca.Token) {
			t.Header.Set("x5c", []string{std(w.leaf.Cert.Raw), std(namesake.Cert.Raw)})
			t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(testca.SignedBy(namesake), func(r *testca.Response) {
				s := r.Singles[0]
				r.Singles[0] = testca.NewSingle(w.leaf.Cert, namesake.Cert, s.Hash)
			})))
		}), stapled.ChainUntrusted},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			v := newVerifier(t, w.config(&clock{testca.Now}))
			for _, raw := range []string{mine, others, namesake.Leaf(testca.Named("third")).Token()} {
				first := mustAccept(t, v, raw)
				if again := mustAccept(t, v, raw); again != first {
					t.Fatal("a token is not hot")
				}
			}
			mustReject(t, v, c.forged, c.want)
			mustReject(t, v, c.forged, c.want)
		})
	}
}

// The cache compares keys in full, not by their hash.
func TestCacheKeys(t *testing.T) {
	c := newCache[int](1<<10, 1<<10)
	c.put(0, "one", 1, 1)
	for i := range c.slots {
		if e := c.slots[i].entry.Load(); e != nil {
			e.hash = c.hash(0, "two")
			c.replace(&c.set(e.hash)[0], e)
		}
	}
	if value, ok := c.get(0, "two"); ok {
		t.Errorf("the value of another key: %d", value)
	}
}

// A cache never exceeds its budget, and does not store an entry that alone
// would exceed it.
func TestCacheBudget(t *testing.T) {
	const budget, each = 1 << 10, 1 << 6
	c := newCache[int](budget, each)
	for i := range 1000 {
		c.put(0, string(rune('a'+i)), i, each)
		if size := c.size(); size > budget || size < each {
			t.Fatalf("%d bytes after %d entries", size, i+1)
		}
	}
	before := c.size()
	c.put(0, "large", 0, budget+1)
	if _, ok := c.get(0, "large"); ok || c.size() != before {
		t.Errorf("an entry beyond the budget is remembered, %d bytes", c.size())
	}
	c.put(0, "whole", 0, budget)
	if _, ok := c.get(0, "whole"); !ok || c.size() != budget {
		t.Errorf("an entry of the whole budget is not, %d bytes", c.size())
	}
}
