// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// world is the PKI for the tests of this package. It is shared and never
// changed.
type world struct {
	root, intermediate, leaf *testca.Party
	// other is a second client of the same CA, sibling a second CA below the
	// same root, stranger a root that nobody trusts.
	other, sibling, stranger *testca.Party
	anchors                  *certs.Anchors
}

// theMaker makes the cases of the catalogue with the published keys.
var theMaker = sync.OnceValue(func() *catalogue.Maker { return catalogue.ForTests("../testdata/vectors") })

var theWorld = sync.OnceValue(func() *world {
	m := theMaker()
	return &world{
		root: m.Root(), intermediate: m.Intermediate(), leaf: m.Client(),
		other: m.Other(), sibling: m.Sibling(), stranger: m.Stranger(), anchors: anchors(m.Root()),
	}
})

func anchors(roots ...*testca.Party) *certs.Anchors {
	var list []*x509.Certificate
	for _, root := range roots {
		list = append(list, root.Cert)
	}
	return anchorsOf(list...)
}

func anchorsOf(list ...*x509.Certificate) *certs.Anchors {
	set, err := certs.NewAnchors(list...)
	if err != nil {
		panic(err)
	}
	return set
}

// clock is the clock of a verifier under test.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// config returns a strict configuration that accepts the tokens of the world.
func (w *world) config(c *clock) Config {
	return Config{Anchors: w.anchors, Audience: "orders", Now: c.read}
}

func newVerifier(t testing.TB, cfg Config) *Verifier {
	t.Helper()
	v, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// copyToken makes a token that can be edited without changing the original.
func copyToken(t *testca.Token) *testca.Token {
	c := *t
	c.Header, c.Claims = slices.Clone(t.Header), slices.Clone(t.Claims)
	return &c
}

// mustAccept fails unless the token is accepted.
func mustAccept(t testing.TB, v *Verifier, raw string) Token {
	t.Helper()
	token, err := v.Verify(raw)
	if err != nil {
		t.Fatalf("rejected: %v", err)
	}
	if token == (Token{}) {
		t.Fatal("neither a token nor an error")
	}
	return token
}

// mustReject fails unless the token is rejected for the reason, with an error
// that can be logged.
func mustReject(t testing.TB, v *Verifier, raw string, want stapled.Reason) {
	t.Helper()
	mustRejectFrom(t, v, raw, nil, want)
}

// mustRejectFrom is mustReject for a token that comes from a peer.
func mustRejectFrom(t testing.TB, v *Verifier, raw string, peer *x509.Certificate, want stapled.Reason) {
	t.Helper()
	token, err := v.VerifyBound(raw, Bindings{Peer: peer})
	if err == nil {
		t.Fatalf("accepted, want %s", want)
	}
	if token != (Token{}) {
		t.Errorf("a token beside the error %v", err)
	}
	var e *stapled.Error
	if !errors.As(err, &e) || e != err {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	if e.Reason != want || !errors.Is(err, want) {
		t.Errorf("reason %s, want %s: %v", e.Reason, want, err)
	}
	checkErrorText(t, err, raw)
}

// checkErrorText checks an error against what SECURITY.md says about logs: it
// is short, printable, and quotes no part of the token.
func checkErrorText(t testing.TB, err error, raw string) {
	t.Helper()
	const longest, quoted = 520, 24 // three names of certificates, and some words
	text := err.Error()
	if len(text) > longest {
		t.Errorf("an error text of %d bytes: %.200s…", len(text), text)
		return
	}
	for _, c := range []byte(text) {
		if c < ' ' || c == 0x7f {
			t.Errorf("a control character in %q", text)
			break
		}
	}
	for i := 0; i+quoted <= len(text); i++ {
		if strings.Contains(raw, text[i:i+quoted]) {
			t.Errorf("the error quotes the token: %s", text)
			return
		}
	}
}

// present puts another chain into a token, signed with the key of its leaf.
func present(t *testca.Token, key crypto.Signer, chain ...*x509.Certificate) {
	t.Key, t.Alg = key, testca.JWSAlgorithm(key)
	t.Header.Set("alg", t.Alg)
	t.Header.Set("kid", certx5c.KeyID(chain[0]))
	t.Header.Set("x5c", certx5c.Encode(chain))
}

// encodeStaples returns the value of ocsp.
func encodeStaples(staples ...[]byte) []string {
	list := []string{}
	for _, der := range staples {
		list = append(list, base64.StdEncoding.EncodeToString(der))
	}
	return list
}

// cached returns the accounted memory of the caches that hold results.
func (v *Verifier) cached() (tokens, headers, links int) {
	return v.tokens.size(), v.headers.size(), v.links.size()
}

func (c *cache[V]) size() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}
