// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// asStepCAIssues gives a leaf the extensions that step-ca adds.
func asStepCAIssues(t *testca.Template) {
	t.Subject.CommonName = "orders-client.prod.svc.cluster.local"
	t.OCSPServer = []string{"http://127.0.0.1:8889/ocsp"}
	t.DNSNames = []string{"orders-client.prod.svc.cluster.local"}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{
		Id: []int{1, 3, 6, 1, 4, 1, 37476, 9000, 64, 1}, Value: make([]byte, 64),
	})
}

// heapAfter returns how much the heap grows by what a function leaves behind.
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

// The caches account for their real memory, at most a quarter more or less.
func TestAccountedMemoryIsReal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own: run without -race")
	}
	n := exhaustive.Of(t, 300, 100)
	for _, kind := range []testca.Kind{testca.P256, testca.Ed25519, testca.RSA2048} {
		party := theWorld().intermediate.Leaf(testca.Keyed(kind), asStepCAIssues)
		delegate := party.Issuer.Delegate()
		for _, c := range []struct {
			name   string
			sizes  CacheSizes
			staple []byte
			// ratio is the maximum accounted for each byte of the header.
			ratio float64
			used  func(v *Verifier) int
		}{
			{"headers", CacheSizes{Tokens: -1, Certificates: -1}, party.Staple(), 2.5,
				func(v *Verifier) int { return v.headers.size() }},
			{"headers with a delegate's staple", CacheSizes{Tokens: -1, Certificates: -1},
				party.Staple(testca.SignedBy(delegate, delegate.Cert)), 3,
				func(v *Verifier) int { return v.headers.size() }},
			// A token is charged for its header. Here the header is also in the
			// other cache, but only once in memory.
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

// Proven certificates are accounted for too, even if they have as many small
// items as possible.
func TestAccountedCertificatesAreReal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own: run without -race")
	}
	// crowded is an extension that repeats an element many times.
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
	uri := func(int) []byte { return []byte{0x86, 5, 'a', ':', '/', '/', 'b'} }
	dns := func(int) []byte { return []byte{0x82, 1, 'a'} }
	policy := func(i int) []byte { return []byte{0x30, 5, 6, 3, 42, 0x81 + byte(i/128), byte(i % 128)} }
	for _, row := range []struct {
		name string
		leaf testca.Edit
		iss  string
		// least and most limit what may be accounted for each byte of the heap.
		least, most float64
	}{
		{"usual", asStepCAIssues, "", 0.75, 1.25},
		{"URIs", crowded(17, 32, uri), "a://b", 0.75, 2},
		{"DNS names", crowded(17, 64, dns), "a", 0.75, 2},
		{"policies", crowded(32, 100, policy), "", 0.75, 2},
	} {
		t.Run(row.name, func(t *testing.T) { testAccountedCertificates(t, row.leaf, row.iss, row.least, row.most) })
	}
}

func testAccountedCertificates(t *testing.T, leaf testca.Edit, iss string, least, most float64) {
	n := exhaustive.Of(t, 500, 150)
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
	start := v.links.size()
	heap := heapAfter(func() {
		for _, raw := range raws[1:] {
			mustAccept(t, v, raw)
		}
	}) / (n - 1)
	used := (v.links.size() - start) / (n - 1)
	t.Logf("a certificate: %d bytes accounted, %d measured", used, heap)
	if ratio := float64(used) / float64(heap); ratio < least || ratio > most {
		t.Errorf("%d bytes are accounted for %d of the heap", used, heap)
	}
	runtime.KeepAlive(raws)
}

// Kept claims are accounted for, even if escapes make their text longer than
// their value. This leaves out the header, which all tokens share here.
func TestAccountedClaimsAreReal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own: run without -race")
	}
	const n = 300
	w := theWorld()
	for name, sub := range map[string]string{"plain": strings.Repeat("A", 1000), "escaped": strings.Repeat(`\u0041`, 1000)} {
		t.Run(name, func(t *testing.T) {
			cfg := w.config(&clock{testca.Now})
			cfg.Cache = CacheSizes{Certificates: -1}
			v := newVerifier(t, cfg)
			token := testca.NewToken(w.leaf, w.leaf.Staple())
			token.Claims.Set("sub", json.RawMessage(`"`+sub+`"`))
			raws := make([]string, n)
			for i := range raws {
				token.Claims.Set("jti", fmt.Sprint(i))
				raws[i] = token.Compact()
			}
			first := mustAccept(t, v, raws[0])
			start := v.tokens.size()
			heap := heapAfter(func() {
				for _, raw := range raws[1:] {
					mustAccept(t, v, raw)
				}
			}) / (n - 1)
			used := (v.tokens.size()-start)/(n-1) - first.accepted.header.cost()
			t.Logf("a token: %d bytes accounted, %d measured", used, heap)
			if used < heap*3/4 {
				t.Errorf("%d bytes are accounted for %d of the heap", used, heap)
			}
			runtime.KeepAlive(raws)
		})
	}
}
