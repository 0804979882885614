// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// checkAccount checks a cache's accounting: the memory in use is the sum of its
// entries, and within the budget. It returns the number of entries.
func checkAccount[V any](t testing.TB, c *cache[V]) int {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	sum, n := 0, 0
	seen := make(map[string]bool)
	for i := range c.slots {
		e := c.slots[i].entry.Load()
		if e == nil {
			continue
		}
		if seen[e.key] {
			t.Errorf("the key %.40q has two entries", e.key)
		}
		seen[e.key] = true
		sum += e.cost
		n++
	}
	if sum != c.used {
		t.Errorf("the entries take %d bytes, and %d are accounted", sum, c.used)
	}
	if c.used > c.budget {
		t.Errorf("%d bytes used of %d", c.used, c.budget)
	}
	return n
}

func TestCache(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, budget := range []int{0, 1, 100, 10_000, 1 << 20} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			c := newCache[int](budget, 64)
			last := make(map[string]int)
			hits := 0
			for i := range 20_000 {
				key := fmt.Sprint(random.IntN(1000))
				if random.IntN(3) == 0 {
					cost := 1 + random.IntN(200)
					c.put(0, key, i, cost)
					if cost <= budget {
						last[key] = i
						if value, ok := c.get(0, key); !ok || value != i {
							t.Fatalf("%s is %d, %t just after it was put", key, value, ok)
						}
					}
					continue
				}
				if value, ok := c.get(0, key); ok {
					hits++
					if value != last[key] {
						t.Fatalf("%s is %d, want %d", key, value, last[key])
					}
				}
				if i%1000 == 0 {
					checkAccount(t, c)
				}
			}
			n := checkAccount(t, c)
			if want := budget > 0; (hits > 0) != want || (n > 0) != want {
				t.Errorf("%d hits, %d entries", hits, n)
			}
		})
	}
	t.Run("off", func(t *testing.T) {
		c := newCache[int](-1, 64)
		c.put(0, "key", 1, 1)
		if _, ok := c.get(0, "key"); ok || c != nil {
			t.Error("a cache that is off remembers")
		}
	})
	t.Run("entry larger than the budget", func(t *testing.T) {
		c := newCache[int](100, 64)
		c.put(0, "small", 1, 100)
		c.put(0, "large", 2, 101)
		if _, ok := c.get(0, "large"); ok {
			t.Error("it is there")
		}
		if _, ok := c.get(0, "small"); !ok {
			t.Error("it has displaced another")
		}
	})
	t.Run("entries that are used stay", func(t *testing.T) {
		// Three fit into one set; entries used once do not push them out.
		c := newCache[int](1000, 100)
		used := []string{"one", "two", "three"}
		for i, key := range used {
			c.put(0, key, i, 100)
			c.get(0, key)
		}
		for i := range 1000 {
			c.put(0, fmt.Sprint(i), i, 100)
			for _, key := range used {
				if _, ok := c.get(0, key); !ok {
					t.Fatalf("%s is gone after %d others", key, i+1)
				}
			}
		}
	})
	t.Run("a set in which all are used", func(t *testing.T) {
		c := newCache[int](ways*32, 64)
		if len(c.slots) != ways {
			t.Fatalf("%d slots", len(c.slots))
		}
		for i := range 10 * ways {
			c.put(0, fmt.Sprint(i), i, 1)
			for j := range i + 1 {
				c.get(0, fmt.Sprint(j))
			}
			if value, ok := c.get(0, fmt.Sprint(i)); !ok || value != i {
				t.Errorf("number %d is not remembered", i)
			}
			if n := checkAccount(t, c); n != min(i+1, ways) {
				t.Errorf("%d entries of %d", n, i+1)
			}
		}
	})
	t.Run("an entry that is used stays", func(t *testing.T) {
		c := newCache[int](1000, 100)
		c.put(0, "used", 1, 100)
		for i := range 1000 {
			c.put(0, fmt.Sprint(i), i, 100)
			if _, ok := c.get(0, "used"); !ok {
				t.Fatalf("gone after %d others", i+1)
			}
		}
	})
}

// variant makes another signed header for the same leaf.
func variant(token *testca.Token, i int) string {
	c := copyToken(token)
	c.Header.Add("x", i)
	return c.Compact()
}

// The holder of a certificate can make headers without end; their memory is
// bounded.
func TestMemoryIsBounded(t *testing.T) {
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.Cache = CacheSizes{Tokens: 200_000, Headers: 100_000, Certificates: 50_000}
	v := newVerifier(t, cfg)
	token := testca.NewToken(w.leaf, w.leaf.Staple())
	n := exhaustive.Of(t, 20_000, 2000) // headers; the caches hold a few dozen
	for i := range n {
		mustAccept(t, v, variant(token, i))
		if i%500 == 0 {
			checkAccount(t, v.tokens)
			checkAccount(t, v.headers)
		}
	}
	for name, entries := range map[string]int{
		"tokens": checkAccount(t, v.tokens), "headers": checkAccount(t, v.headers), "certificates": checkAccount(t, v.links),
	} {
		if entries == 0 {
			t.Errorf("no %s are remembered", name)
		}
	}
}
