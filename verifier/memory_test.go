// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
)

// checkAccount holds a cache to its account: what it says that it uses is the
// sum of its entries, and within the budget. It returns the number of entries.
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
					c.put(key, i, cost)
					if cost <= budget {
						last[key] = i
						if value, ok := c.get(key); !ok || value != i {
							t.Fatalf("%s is %d, %t just after it was put", key, value, ok)
						}
					}
					continue
				}
				if value, ok := c.get(key); ok {
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
		c.put("key", 1, 1)
		if _, ok := c.get("key"); ok || c != nil {
			t.Error("a cache that is off remembers")
		}
	})
	t.Run("entry larger than the budget", func(t *testing.T) {
		c := newCache[int](100, 64)
		c.put("small", 1, 100)
		c.put("large", 2, 101)
		if _, ok := c.get("large"); ok {
			t.Error("it is there")
		}
		if _, ok := c.get("small"); !ok {
			t.Error("it has displaced another")
		}
	})
	t.Run("entries that are used stay", func(t *testing.T) {
		// Three fit into one set; what passes by once does not push them out.
		c := newCache[int](1000, 100)
		used := []string{"one", "two", "three"}
		for i, key := range used {
			c.put(key, i, 100)
			c.get(key)
		}
		for i := range 1000 {
			c.put(fmt.Sprint(i), i, 100)
			for _, key := range used {
				if _, ok := c.get(key); !ok {
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
			c.put(fmt.Sprint(i), i, 1)
			for j := range i + 1 {
				c.get(fmt.Sprint(j))
			}
			if value, ok := c.get(fmt.Sprint(i)); !ok || value != i {
				t.Errorf("number %d is not remembered", i)
			}
			if n := checkAccount(t, c); n != min(i+1, ways) {
				t.Errorf("%d entries of %d", n, i+1)
			}
		}
	})
	t.Run("an entry that is used stays", func(t *testing.T) {
		c := newCache[int](1000, 100)
		c.put("used", 1, 100)
		for i := range 1000 {
			c.put(fmt.Sprint(i), i, 100)
			if _, ok := c.get("used"); !ok {
				t.Fatalf("gone after %d others", i+1)
			}
		}
	})
}

// variant makes another header, with a signature, of the same leaf.
func variant(token *testca.Token, i int) string {
	c := copyToken(token)
	c.Header.Add("x", i)
	return c.Compact()
}

// The holder of a certificate can make headers without end; the memory that
// they take is bounded.
func TestMemoryIsBounded(t *testing.T) {
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.Cache = CacheSizes{Tokens: 200_000, Headers: 100_000, Certificates: 50_000}
	v := newVerifier(t, cfg)
	token := testca.NewToken(w.leaf, w.leaf.Staple())
	n := 20_000
	if testing.Short() || raceEnabled {
		n = 4000
	}
	for i := range n {
		mustAccept(t, v, variant(token, i))
		if i%500 == 0 {
			checkAccount(t, v.tokens)
			checkAccount(t, v.headers)
		}
	}
	for name, entries := range map[string]int{
		"tokens": checkAccount(t, v.tokens), "headers": checkAccount(t, v.headers), "certificates": checkAccount(t, v.links.cache),
	} {
		if entries == 0 {
			t.Errorf("no %s are remembered", name)
		}
	}
}

// asStepCAIssues gives a leaf the extensions that step-ca gives it.
func asStepCAIssues(t *testca.Template) {
	t.Subject.CommonName = "orders-client.prod.svc.cluster.local"
	t.OCSPServer = []string{"http://127.0.0.1:8889/ocsp"}
	t.DNSNames = []string{"orders-client.prod.svc.cluster.local"}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{
		Id: []int{1, 3, 6, 1, 4, 1, 37476, 9000, 64, 1}, Value: make([]byte, 64),
	})
}

// heapAfter is the growth of the heap by a function, of what it leaves behind.
func heapAfter(f func()) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

// What the caches account is what they take: at most a quarter more or less.
func TestAccountedMemoryIsReal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own: run without -race")
	}
	const n = 300
	for _, kind := range []testca.Kind{testca.P256, testca.Ed25519, testca.RSA2048} {
		party := theWorld().intermediate.Leaf(testca.Keyed(kind), asStepCAIssues)
		delegate := party.Issuer.Delegate()
		for _, c := range []struct {
			name   string
			sizes  CacheSizes
			staple []byte
			// ratio is the most that may be accounted for each byte of the header.
			ratio float64
			used  func(v *Verifier) int
		}{
			{"headers", CacheSizes{Tokens: -1, Certificates: -1}, party.Staple(), 2.5,
				func(v *Verifier) int { return v.headers.size() }},
			{"headers with a delegate's staple", CacheSizes{Tokens: -1, Certificates: -1},
				party.Staple(testca.SignedBy(delegate, delegate.Cert)), 3,
				func(v *Verifier) int { return v.headers.size() }},
			// A token is charged with its header, which here is in the other cache
			// too: in memory it is once.
			{"headers and tokens", CacheSizes{Certificates: -1}, party.Staple(), 2.5,
				func(v *Verifier) int { return v.tokens.size() }},
		} {
			t.Run(fmt.Sprintf("%s/%s", kind, c.name), func(t *testing.T) {
				cfg := theWorld().config(&clock{testca.Now})
				cfg.Cache = c.sizes
				v := newVerifier(t, cfg)
				token := testca.NewToken(party, c.staple)
				raws := make([]string, n)
				for i := range raws {
					raws[i] = variant(token, i)
				}
				mustAccept(t, v, raws[0])
				start := c.used(v)
				heap := heapAfter(func() {
					for _, raw := range raws[1:] {
						mustAccept(t, v, raw)
					}
				})
				header := len(headerOf(raws[0]))
				used, heap := (c.used(v)-start)/(n-1), heap/(n-1)
				t.Logf("an entry: %d bytes accounted, %d measured; its header has %d bytes", used, heap, header)
				if used < heap*3/4 || used > heap*5/4 {
					t.Errorf("%d bytes are accounted for %d of the heap", used, heap)
				}
				if float64(used) > c.ratio*float64(header) {
					t.Errorf("%d bytes for a header of %d", used, header)
				}
				runtime.KeepAlive(raws)
			})
		}
	}
}

// The certificates that were proven are accounted as well, also if they have as
// many of something small as they can.
func TestAccountedCertificatesAreReal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own: run without -race")
	}
	// crowded is an extension that has an element again and again.
	crowded := func(id int, n int, element func(i int) []byte) testca.Edit {
		var content []byte
		for i := range n {
			content = append(content, element(i)...)
		}
		value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
		if err != nil {
			t.Fatal(err)
		}
		return func(t *testca.Template) {
			if id == 17 { // its own names would be a second extension of the kind
				t.URIs, t.DNSNames = nil, nil
			}
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Value: value})
		}
	}
	uri := func(int) []byte { return []byte{0x86, 3, 'a', ':', 'b'} }
	dns := func(int) []byte { return []byte{0x82, 1, 'a'} }
	policy := func(i int) []byte { return []byte{0x30, 5, 6, 3, 42, 0x81 + byte(i/128), byte(i % 128)} }
	for _, row := range []struct {
		name string
		leaf testca.Edit
		iss  string
		// least and most are what may be accounted for each byte of the heap.
		least, most float64
	}{
		{"usual", asStepCAIssues, "", 0.75, 1.25},
		{"URIs", crowded(17, 64, uri), "a:b", 0.75, 2},
		{"DNS names", crowded(17, 64, dns), "a", 0.75, 2},
		{"policies", crowded(32, 500, policy), "", 0.75, 2},
	} {
		t.Run(row.name, func(t *testing.T) { testAccountedCertificates(t, row.leaf, row.iss, row.least, row.most) })
	}
}

func testAccountedCertificates(t *testing.T, leaf testca.Edit, iss string, least, most float64) {
	const n = 500
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.Cache = CacheSizes{Tokens: -1, Headers: -1}
	v := newVerifier(t, cfg)
	raws := make([]string, n)
	for i := range raws {
		raws[i] = w.intermediate.Leaf(leaf).Token(func(t *testca.Token) {
			if iss != "" {
				t.Claims.Set("iss", iss)
			}
		})
	}
	mustAccept(t, v, raws[0])
	start := v.links.cache.size()
	heap := heapAfter(func() {
		for _, raw := range raws[1:] {
			mustAccept(t, v, raw)
		}
	}) / (n - 1)
	used := (v.links.cache.size() - start) / (n - 1)
	t.Logf("a certificate: %d bytes accounted, %d measured", used, heap)
	if ratio := float64(used) / float64(heap); ratio < least || ratio > most {
		t.Errorf("%d bytes are accounted for %d of the heap", used, heap)
	}
	runtime.KeepAlive(raws)
}
