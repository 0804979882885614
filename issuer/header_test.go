// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

func headerSegment(raw string) string { return raw[:strings.IndexByte(raw, '.')] }

func TestHeaderBytes(t *testing.T) {
	leaf := newParty(testca.P256)
	quoted := func(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }
	for _, row := range []struct {
		name    string
		staples issuer.StaticStaples
	}{
		{"leaf stapled", fixed(t, leaf)},
		{"chain stapled", fixed(t, leaf, leaf.Issuer)},
	} {
		t.Run(row.name, func(t *testing.T) {
			iss := newIssuer(t, leaf, row.staples, func(c *issuer.Config) { below(c, leaf.Issuer.Issuer.Cert) })
			got, err := base64.RawURLEncoding.DecodeString(headerSegment(sign(t, iss, forOrders)))
			if err != nil {
				t.Fatal(err)
			}
			var ocsp []string
			for _, s := range row.staples {
				ocsp = append(ocsp, base64.StdEncoding.EncodeToString(s.DER()))
			}
			want := fmt.Sprintf(`{"alg":"ES256","typ":"stapled+jwt","kid":"%s","x5c":%s,"ocsp":%s}`,
				certx5c.KeyID(leaf.Cert), quoted(certx5c.Encode(leaf.Chain())), quoted(ocsp))
			if string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestTypeIsConfigurable(t *testing.T) {
	leaf := newParty(testca.P256)
	iss := newIssuer(t, leaf, fixed(t, leaf), func(c *issuer.Config) { c.Type = "at+jwt" })
	header, _ := open(t, sign(t, iss, forOrders), leaf.Cert)
	if header["typ"] != "at+jwt" {
		t.Errorf("typ is %v", header["typ"])
	}
}

func TestHeaderIsTheSameUntilTheStapleIsNot(t *testing.T) {
	leaf := newParty(testca.P256)
	staples := &source{staples: fixed(t, leaf)}
	iss := newIssuer(t, leaf, staples)
	first := sign(t, iss, forOrders)
	second := sign(t, iss, issuer.Claims{Audience: []string{"billing"}, Subject: "alice", Extra: map[string]any{"n": 1}})
	if first == second {
		t.Error("two tokens are equal")
	}
	if headerSegment(first) != headerSegment(second) {
		t.Error("two tokens with one staple differ in their header")
	}
	// The same staple in another slice.
	staples.staples = append([]*ocspstaple.Staple(nil), staples.staples...)
	if headerSegment(first) != headerSegment(sign(t, iss, forOrders)) {
		t.Error("the header depends on more than the staple")
	}
	// A second issuer with the same identity and staples.
	if headerSegment(first) != headerSegment(sign(t, newIssuer(t, leaf, staples), forOrders)) {
		t.Error("two issuers with one staple differ in their header")
	}
	staples.staples = fixed(t, leaf)
	if headerSegment(first) == headerSegment(sign(t, iss, forOrders)) {
		t.Error("a new staple did not change the header")
	}
}

// TestSignaturesMade shows what a key management service would have to sign:
// one signature per token, and one to prove each header.
func TestSignaturesMade(t *testing.T) {
	leaf := newParty(testca.P256)
	key := &counting{Signer: leaf.Key}
	leaf.Key = key
	staples := &source{staples: fixed(t, leaf)}
	iss := newIssuer(t, leaf, staples)
	if n := key.signed.Load(); n != 0 {
		t.Errorf("New signed %d times", n)
	}
	for range 3 {
		sign(t, iss, forOrders)
	}
	if n := key.signed.Load(); n != 4 {
		t.Errorf("3 tokens took %d signatures, want 4", n)
	}
	staples.staples = fixed(t, leaf)
	sign(t, iss, forOrders)
	if n := key.signed.Load(); n != 6 {
		t.Errorf("a token with a new staple took %d signatures, want 2", n-4)
	}
}

// TestHeaderIsProven gives the issuer keys that sign incorrectly. go-jose, not
// our own code, must notice.
func TestHeaderIsProven(t *testing.T) {
	for _, row := range []struct {
		name string
		kind testca.Kind
		key  func(*counting)
	}{
		{"P-256 key signs another digest", testca.P256, func(k *counting) { k.Signer = wrongDigest{k.Signer} }},
		{"P-384 key signs another digest", testca.P384, func(k *counting) { k.Signer = wrongDigest{k.Signer} }},
		{"Ed25519 flips a bit", testca.Ed25519, func(k *counting) { k.edit = flip }},
		{"RSA flips a bit", testca.RSA2048, func(k *counting) { k.edit = flip }},
		{"P-256 signature has trailing bytes", testca.P256, func(k *counting) { k.edit = func(b []byte) []byte { return append(b, 0) } }},
		{"P-256 signature is empty", testca.P256, func(k *counting) { k.edit = func([]byte) []byte { return nil } }},
		{"P-256 signature is too wide", testca.P256, func(k *counting) { k.edit = func([]byte) []byte { return wide } }},
		{"Ed25519 signature is short", testca.Ed25519, func(k *counting) { k.edit = func(b []byte) []byte { return b[:63] } }},
		{"the service is down", testca.P256, func(k *counting) { k.err = errDown }},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(row.kind)
			key := &counting{Signer: leaf.Key}
			row.key(key)
			staples := fixed(t, leaf)
			leaf.Key = key
			iss := newIssuer(t, leaf, staples)
			raw, err := iss.Sign(t.Context(), forOrders)
			wantReason(t, err, stapled.SigningFailed)
			if raw != "" {
				t.Error("a token beside an error")
			}
			// Once the key is repaired, the same issuer signs.
			key.Signer, key.err, key.edit = testca.Key(row.kind, "client"), nil, nil
			open(t, sign(t, iss, forOrders), leaf.Cert)
		})
	}
}

var errDown = errors.New("connection refused")

// TestKeyThatGoesBad: a proven header is no reason to trust the key later.
func TestKeyThatGoesBad(t *testing.T) {
	for _, row := range []struct {
		name string
		kind testca.Kind
		edit func([]byte) []byte
	}{
		{"Ed25519 signature gets short", testca.Ed25519, func(b []byte) []byte { return b[:63] }},
		{"RSA signature gets long", testca.RSA2048, func(b []byte) []byte { return append(b, 0) }},
		{"P-256 signature is no DER any more", testca.P256, func(b []byte) []byte { return b[1:] }},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(row.kind)
			staples, key := fixed(t, leaf), &counting{Signer: leaf.Key}
			leaf.Key = key
			iss := newIssuer(t, leaf, staples)
			sign(t, iss, forOrders)
			key.edit = row.edit
			_, err := iss.Sign(t.Context(), forOrders)
			wantReason(t, err, stapled.SigningFailed)
		})
	}
}

// TestLargestStaple finds the size at which a staple is refused for its own
// size, not for the header's.
func TestLargestStaple(t *testing.T) {
	root := testca.New()
	leaf := root.Leaf()
	largest := 0
	sort.Search(1000, func(n int) bool {
		s := staple(t, leaf, func(r *testca.Response) {
			r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 32473, 1}, Value: make([]byte, 12*n)}}
		})
		iss := newIssuer(t, leaf, issuer.StaticStaples{s}, func(c *issuer.Config) { below(c, root.Cert) })
		_, err := iss.Sign(t.Context(), forOrders)
		if err == nil {
			largest = max(largest, len(s.DER()))
			return false
		}
		wantReason(t, err, stapled.TooLarge)
		if !strings.Contains(err.Error(), "staples of") {
			t.Errorf("refused for another size: %v", err)
		}
		return true
	})
	if largest > 8<<10 || largest < 8<<10-20 {
		t.Errorf("the largest staple has %d bytes, want 8192 or hardly less", largest)
	}
}

type wrongDigest struct{ crypto.Signer }

func (k wrongDigest) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return k.Signer.Sign(random, flip(append([]byte(nil), digest...)), options)
}

func flip(b []byte) []byte {
	b[len(b)/2] ^= 1
	return b
}

// wide is an ECDSA-Sig-Value whose r has 33 bytes.
var wide = append(append([]byte{0x30, 0x26, 0x02, 0x21, 0x01}, make([]byte, 32)...), 0x02, 0x01, 0x01)

func TestSignAllocates(t *testing.T) {
	for _, kind := range testca.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			leaf := newParty(kind)
			iss := newIssuer(t, leaf, fixed(t, leaf))
			sign(t, iss, forOrders)
			digest, options := make([]byte, 32), crypto.SignerOpts(crypto.SHA256)
			if kind == testca.Ed25519 {
				options = crypto.Hash(0)
			}
			alone := testing.AllocsPerRun(10, func() {
				if _, err := leaf.Key.Sign(rand.Reader, digest, options); err != nil {
					t.Fatal(err)
				}
			})
			token := testing.AllocsPerRun(10, func() {
				if _, err := iss.Sign(t.Context(), forOrders); err != nil {
					t.Fatal(err)
				}
			})
			// The standard library's ECDSA makes about sixty allocations by
			// itself; only the rest is ours to keep small.
			if token-alone > 20 {
				t.Errorf("Sign allocates %v times, the signature alone %v times", token, alone)
			}
		})
	}
}
