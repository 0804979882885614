// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

// maxHostileBytes is how much the refusal of a stranger's token may allocate.
const maxHostileBytes = 256 << 10

// strangers are the most expensive tokens that anyone without a certificate
// from the CA can make, each as close to the size limit as possible.
func strangers(tb testing.TB) map[string]string {
	tb.Helper()
	chain := func(edits ...testca.Edit) string {
		// As many certificates as fit, each of the same hostile kind.
		for n := stapled.MaxChain; ; n-- {
			party := testca.New(testca.Named("made up"))
			for i := range n - 1 {
				party = party.Intermediate(append(edits, testca.Named(fmt.Sprintf("made up %d", i)))...)
			}
			token := party.Leaf(edits...).Token()
			if len(token) <= stapled.MaxTokenBytes {
				return token
			}
		}
	}
	// extension returns a sequence of size bytes, made of small elements.
	extension := func(id asn1.ObjectIdentifier, size int, element func(i int) []byte) testca.Edit {
		var content []byte
		for i := 0; len(content) < size; i++ {
			content = append(content, element(i)...)
		}
		value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
		if err != nil {
			tb.Fatal(err)
		}
		return func(t *testca.Template) {
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: id, Value: value})
		}
	}
	same := func(element ...byte) func(int) []byte { return func(int) []byte { return element } }
	policy := func(i int) []byte { return []byte{0x30, 5, 6, 3, 42, 0x81 + byte(i/128)%127, byte(i % 128)} }
	usage := asn1.ObjectIdentifier{2, 5, 29, 37}
	names := asn1.ObjectIdentifier{2, 5, 29, 17}
	policies := asn1.ObjectIdentifier{2, 5, 29, 32}
	header := func(edit func(*testca.Members)) string {
		return testca.New(testca.Named("made up")).Leaf().Token(func(t *testca.Token) { edit(&t.Header) })
	}
	fill := func(element string, size int) json.RawMessage {
		return json.RawMessage("[" + strings.TrimSuffix(strings.Repeat(element+",", size/(len(element)+1)), ",") + "]")
	}
	object := strings.Builder{}
	for i := range 64 {
		fmt.Fprintf(&object, `"%02d":0,`, i)
	}
	full := "{" + strings.TrimSuffix(object.String(), ",") + "}"
	// subject returns a name of this many bytes, made of small attributes.
	subject := func(attributes func(size int) []byte) testca.Edit {
		raw, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: attributes(5300)})
		if err != nil {
			tb.Fatal(err)
		}
		return func(t *testca.Template) { t.RawSubject = raw }
	}
	attribute := []byte{0x30, 5, 6, 1, 42, 12, 0}
	oneSet := func(size int) []byte {
		set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: bytes.Repeat(attribute, size/len(attribute))})
		if err != nil {
			tb.Fatal(err)
		}
		return set
	}
	manySets := func(size int) []byte {
		return bytes.Repeat(append([]byte{0x31, byte(len(attribute))}, attribute...), size/(len(attribute)+2))
	}
	escaped := `{"\n":0,"\t":0,"\r":0,"\b":0,"\f":0,"\\":0,"\/":0,"\"":0}`
	return map[string]string{
		"P-521 chain":           chain(testca.Keyed(testca.P521)),
		"RSA chain":             chain(testca.Keyed(testca.RSA2048)),
		"key usages":            chain(extension(usage, 5500, same(6, 1, 42))),
		"key usages, everyone":  chain(extension(usage, 780, same(6, 1, 42))),
		"DNS names":             chain(extension(names, 5500, same(0x82, 1, 'a'))),
		"DNS names, everyone":   chain(extension(names, 780, same(0x82, 1, 'a'))),
		"addresses":             chain(extension(names, 5500, same(0x87, 4, 1, 2, 3, 4))),
		"URIs":                  chain(extension(names, 5500, same(0x86, 3, 'a', ':', 'b'))),
		"policies":              chain(extension(policies, 5500, policy)),
		"policies, everyone":    chain(extension(policies, 800, policy)),
		"objects of 64 members": header(func(h *testca.Members) { h.Set("x", fill(full, 9000)) }),
		"array of numbers":      header(func(h *testca.Members) { h.Set("x", fill("1", 9000)) }),
		"URIs of one byte":      chain(extension(names, 5400, same(0x86, 1, '/'))),
		"URIs of no byte":       chain(extension(names, 5400, same(0x86, 0))),
		"64 names, everyone":    chain(extension(names, 127, same(0x86, 0))),
		"a name of one set":     chain(subject(oneSet)),
		"a name of many sets":   chain(subject(manySets)),
		"escaped names":         header(func(h *testca.Members) { h.Set("x", fill(escaped, 8900)) }),
		"escaped names alone": header(func(h *testca.Members) {
			*h = testca.Members{{Name: "x", Value: fill(escaped, 11500)}}
		}),
		"a long name and escaped names": testca.New(testca.Named("made up")).Leaf(subject(manySets)).Token(func(t *testca.Token) {
			t.Header.Set("x", fill(escaped, 2500))
		}),
		"escapes": header(func(h *testca.Members) { h.Set("x", fill(`"\u0041"`, 9000)) }),
		"long names": header(func(h *testca.Members) {
			for i := range 58 {
				h.Add(strings.Repeat("ſ", 60)+fmt.Sprint(i), 0)
			}
		}),
		"large exponent": largeExponent(),
	}
}

// largeExponent returns a token under a 4096-bit RSA key whose public exponent
// makes verification as expensive as crypto/rsa allows.
func largeExponent() string {
	key := testca.OversizedRSA(4096)
	key.E = 1<<31 - 1
	leaf := testca.New(testca.Named("made up")).Leaf(func(t *testca.Template) { t.PublicKey = key })
	token := leaf.Token(func(t *testca.Token) {
		t.Header.Set("alg", "RS256")
		t.Alg = "none" // nobody has the private key
	})
	signature := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 512))
	return token[:strings.LastIndexByte(token, '.')+1] + signature
}

func hostileVerifier(tb testing.TB) *verifier.Verifier {
	tb.Helper()
	anchors, err := certs.NewAnchors(testca.New().Cert)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{
		Anchors: anchors, Audience: "orders", Now: func() time.Time { return testca.Now },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func TestStrangersAllocateLittle(t *testing.T) {
	v := hostileVerifier(t)
	for name, token := range strangers(t) {
		t.Run(name, func(t *testing.T) {
			const runs = 20
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				if _, err := v.Verify(token); err == nil {
					t.Fatal("accepted")
				}
			}
			runtime.ReadMemStats(&after)
			each := (after.TotalAlloc - before.TotalAlloc) / runs
			_, err := v.Verify(token)
			t.Logf("%5d bytes: %6d bytes allocated, %.100v", len(token), each, err)
			if each > maxHostileBytes {
				t.Errorf("%d bytes allocated, more than %d", each, maxHostileBytes)
			}
		})
	}
}

// BenchmarkStrangers reports the cost of refusing each token as a multiple of
// one raw P-256 verification, measured alternately with it.
func BenchmarkStrangers(b *testing.B) {
	v := hostileVerifier(b)
	key := testca.Key(testca.P256, "raw").(*ecdsa.PrivateKey)
	digest := sha256.Sum256([]byte("raw"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	for name, token := range strangers(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var hostile, raw time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := v.Verify(token); err == nil {
					b.Fatal("accepted")
				}
				middle := time.Now()
				if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
					b.Fatal("raw verification failed")
				}
				hostile += middle.Sub(start)
				raw += time.Since(middle)
			}
			b.ReportMetric(float64(hostile)/float64(raw), "x/raw")
		})
	}
}
