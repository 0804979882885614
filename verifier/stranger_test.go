// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// withBadSignature breaks the signature of a token but keeps its form.
func withBadSignature(raw string) string {
	i := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[i+1:])
	if err != nil {
		panic(err)
	}
	signature[len(signature)/2] ^= 1
	return raw[:i+1] + base64.RawURLEncoding.EncodeToString(signature)
}

// Without a certificate from the CA, an attacker can make the verifier verify
// at most two signatures once it knows the CAs. It verifies each CA once.
func TestStrangersPrice(t *testing.T) {
	signatures, end := stranger.CountVerifications()
	t.Cleanup(end)
	w := theWorld()
	attacker := testca.Key(testca.P256, "attacker")
	issued := w.root.Intermediate(testca.Named("Level 1")).Intermediate(testca.Named("Level 2")).Leaf()
	forgedBy := func(t *testca.Template) { t.SigningKey = attacker }
	for _, c := range []struct {
		name        string
		raw         string
		first, then int // before and after the CAs are known
		want        stapled.Reason
	}{
		{"made-up leaf of a made-up CA", testca.New(testca.Named("Nobody")).Intermediate().Leaf().Token(), 0, 0, stapled.ChainUntrusted},
		{"made-up leaf of a made-up CA of the anchor's name", testca.New(forgedBy, testca.WithKey(attacker), func(t *testca.Template) {
			t.SubjectKeyId = w.root.Cert.SubjectKeyId
		}).Intermediate().Leaf().Token(), 1, 1, stapled.ChainUntrusted},
		{"made-up leaf of five made-up CAs", w.root.Intermediate(forgedBy).Intermediate(testca.Named("2"), forgedBy).
			Intermediate(testca.Named("3"), forgedBy).Leaf(forgedBy).Token(), 1, 1, stapled.ChainUntrusted},
		{"made-up leaf of the anchor", w.root.Leaf(forgedBy).Token(), 1, 1, stapled.ChainUntrusted},
		{"made-up leaf of the real intermediate", w.intermediate.Leaf(forgedBy).Token(), 2, 1, stapled.ChainUntrusted},
		{"made-up CA of the real intermediate", w.intermediate.Intermediate(testca.Named("Issuing"), forgedBy).Leaf().Token(), 2, 1, stapled.ChainUntrusted},
		{"made-up leaf of a real leaf", w.leaf.Leaf().Token(), 2, 1, stapled.ChainUntrusted},
		{"real chain, bad signature", withBadSignature(w.leaf.Token()), 3, 2, stapled.SignatureInvalid},
		{"real chain of three, bad signature", withBadSignature(issued.Token()), 4, 2, stapled.SignatureInvalid},
		{"real chain with name constraints, bad signature", withBadSignature(w.root.Intermediate(func(t *testca.Template) {
			t.PermittedDNSDomainsCritical, t.PermittedDNSDomains = true, []string{"elsewhere.example"}
		}).Leaf().Token()), 3, 2, stapled.SignatureInvalid},
		{"real token, another payload", splice(w.leaf.Token(), w.other.Token(), w.leaf.Token()), 3, 2, stapled.SignatureInvalid},
		{"real CA as the leaf", w.leaf.Token(func(t *testca.Token) {
			present(t, w.leaf.Key, w.intermediate.Cert)
		}), 1, 1, stapled.KeyUsage},
		{"real leaf that expired", withBadSignature(w.intermediate.Leaf(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second))).Token()), 2, 1, stapled.CertificateExpired},
		{"real leaf and another alg", w.leaf.Token(setAlg("ES384")), 0, 0, stapled.KeyMismatch},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			// If the chain is at fault, a bad signature in place of a good one
			// changes nothing: the verifier does not look at it.
			raws := []string{c.raw, withBadSignature(c.raw)}
			if c.want == stapled.SignatureInvalid {
				raws = raws[:1]
			}
			for _, raw := range raws {
				v := newVerifier(t, w.config(&clock{testca.Now}))
				if n := signatures(func() { mustReject(t, v, raw, c.want) }); n != c.first {
					t.Errorf("at first it costs %d signatures, want %d", n, c.first)
				}
				if n := signatures(func() { mustReject(t, v, raw, c.want) }); n != c.then || n > 2 {
					t.Errorf("then it costs %d signatures, want %d", n, c.then)
				}
			}
		})
	}
	t.Run("real header that was seen, bad signature", func(t *testing.T) {
		v := newVerifier(t, w.config(&clock{testca.Now}))
		raw := w.leaf.Token()
		if n := signatures(func() { mustAccept(t, v, raw) }); n != 4 {
			t.Errorf("the holder costs %d signatures, want 4", n)
		}
		if n := signatures(func() { mustReject(t, v, withBadSignature(raw), stapled.SignatureInvalid) }); n != 1 {
			t.Errorf("it costs %d signatures, want 1", n)
		}
	})
	t.Run("real leaf that was seen, another header, bad signature", func(t *testing.T) {
		v := newVerifier(t, w.config(&clock{testca.Now}))
		mustAccept(t, v, w.leaf.Token())
		raw := withBadSignature(w.leaf.Token())
		if n := signatures(func() { mustReject(t, v, raw, stapled.SignatureInvalid) }); n != 1 {
			t.Errorf("it costs %d signatures, want 1", n)
		}
	})
	t.Run("T23 four anchors of one name", func(t *testing.T) {
		// Nothing tells them apart but trying.
		namesake := func(key string) *testca.Party {
			return testca.New(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, key)))
		}
		four := []*testca.Party{namesake("namesake 1"), namesake("namesake 2"), namesake("namesake 3"), namesake("namesake 4")}
		cfg := w.config(&clock{testca.Now})
		cfg.Anchors = anchors(four...)
		selfNamed := namesake("neither")
		for i := range 3 {
			selfNamed = selfNamed.Intermediate(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, fmt.Sprint("neither ", i))))
		}
		genuine := four[3].Intermediate(testca.Named("Genuine"))
		for _, row := range []struct {
			name        string
			raw         string
			first, then int
		}{
			{"made-up leaf", four[0].Leaf(forgedBy).Token(), 4, 4},
			{"made-up leaf without a key identifier", four[0].Leaf(forgedBy, func(t *testca.Template) { t.NoAuthorityKeyID = true }).Token(), 4, 4},
			{"five self-named certificates", selfNamed.Leaf().Token(), 4, 4},
			{"made-up leaf of a genuine CA", genuine.Leaf(forgedBy).Token(), 2, 1},
			{"genuine chain, bad signature", withBadSignature(genuine.Leaf().Token()), 3, 2},
		} {
			want := stapled.ChainUntrusted
			if strings.HasSuffix(row.name, "bad signature") {
				want = stapled.SignatureInvalid
			}
			v := newVerifier(t, cfg)
			for _, limit := range []int{row.first, row.then} {
				if n := signatures(func() { mustReject(t, v, row.raw, want) }); n != limit || n > 1+len(four) {
					t.Errorf("%s: it costs %d signatures, want %d", row.name, n, limit)
				}
			}
		}
	})
}

func setAlg(alg string) func(*testca.Token) {
	return func(t *testca.Token) { t.Header.Set("alg", alg) }
}

// testHeaderVariants is T19: thousands of header variants with broken signatures
// are refused, and no cache grows.
func testHeaderVariants(t *testing.T) {
	w := theWorld()
	honest := testca.NewToken(w.leaf, w.leaf.Staple())
	raw := honest.Compact()
	payload, signature := cut(raw)[1], cut(raw)[2]
	header := string(honest.Header.Bytes())
	variant := func(i int) string {
		text := fmt.Sprintf(`%s,"x":%d}`, header[:len(header)-1], i)
		return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + payload + "." + signature
	}
	stranger := testca.Key(testca.P256, "attacker")
	for _, c := range []struct {
		name    string
		seen    bool
		variant func(i int) string
		n       int
		want    stapled.Reason
	}{
		{"cold", false, variant, 2000, stapled.SignatureInvalid},
		{"warm", true, variant, 10000, stapled.SignatureInvalid},
		{"warm, made-up leaves under the real intermediate", true, func(i int) string {
			leaf := w.intermediate.Leaf(func(t *testca.Template) { t.SigningKey, t.Key = stranger, stranger })
			return leaf.Token()
		}, 500, stapled.ChainUntrusted},
		{"warm, made-up intermediates", true, func(i int) string {
			ca := w.root.Intermediate(func(t *testca.Template) { t.SigningKey, t.Key = stranger, stranger })
			return ca.Leaf().Token()
		}, 500, stapled.ChainUntrusted},
		{"warm, real leaves in the place of a CA", true, func(i int) string {
			return w.intermediate.Leaf().Leaf().Token()
		}, 500, stapled.ChainUntrusted},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			v := newVerifier(t, w.config(&clock{testca.Now}))
			if c.seen {
				mustAccept(t, v, raw)
			} else if _, err := v.Verify(c.variant(-1)); !errors.Is(err, c.want) {
				// The first variant makes the CA known, and nothing else.
				t.Fatal(err)
			}
			tokens, headers, links := v.cached()
			for i := range exhaustive.Of(t, c.n, c.n/10) {
				if _, err := v.Verify(c.variant(i)); !errors.Is(err, c.want) {
					t.Fatalf("variant %d: %v", i, err)
				}
			}
			if nowTokens, nowHeaders, nowLinks := v.cached(); nowTokens != tokens || nowHeaders != headers || nowLinks != links {
				t.Errorf("the caches have grown from %d, %d, %d to %d, %d, %d bytes",
					tokens, headers, links, nowTokens, nowHeaders, nowLinks)
			}
			if c.seen {
				mustAccept(t, v, raw)
			}
		})
	}
}
