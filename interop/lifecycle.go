// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/verifier"
)

const (
	audience = "billing"
	// age is how old a staple may be, for issuer and verifier: short, so that a
	// test sees several.
	age = 6 * time.Second
	// patience is how long a test waits for anything.
	patience = time.Minute
)

// lifecycle is one certificate of a CA, from its first token to its revocation.
type lifecycle struct {
	ca       CA
	identity *certs.Identity
	keeper   *stapler.Stapler
	signer   *issuer.Issuer
	verifier *verifier.Verifier
	ended    chan error // of keeper.Run
	token    string     // the first
}

// Test takes a certificate of the CA through its life.
func Test(t *testing.T, ca CA) {
	key := NewKey(t)
	identity, err := certs.NewIdentity(append(ca.Issue(t, key), ca.Anchor), key)
	if err != nil {
		t.Fatal(err)
	}
	l := &lifecycle{ca: ca, identity: identity, ended: make(chan error, 1)}
	l.start(t)
	for _, step := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a token with its staple is accepted", l.accepted},
		{"the staple is kept fresh", l.keptFresh},
		{"a revocation there ends the stapler", l.revoked},
		{"and the issuer", l.issuerRefuses},
		{"a token with the revoked staple is refused", l.verifierRefuses},
		{"an earlier token ends with its staple", l.earlierEnds},
	} {
		if !t.Run(step.name, step.test) {
			return // the rest depends on it
		}
	}
}

func (l *lifecycle) start(t *testing.T) {
	t.Helper()
	var err error
	if l.keeper, err = stapler.New(stapler.Config{
		Chain: l.identity.Chain, Anchor: l.identity.Anchor, MaxAge: age, RetryMin: 200 * time.Millisecond, RetryMax: time.Second,
	}); err != nil {
		t.Fatal(err)
	}
	if l.signer, err = issuer.New(issuer.Config{Identity: l.identity, Staples: l.keeper, MaxStapleAge: age}); err != nil {
		t.Fatal(err)
	}
	anchors, err := certs.NewAnchors(l.ca.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	if l.verifier, err = verifier.New(verifier.Config{Anchors: anchors, Audience: audience, MaxStapleAge: age}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	go func() {
		defer close(stopped)
		l.ended <- l.keeper.Run(ctx)
	}()
}

func (l *lifecycle) accepted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := l.keeper.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	l.token = l.sign(t)
}

// sign returns a token that the verifier accepts.
func (l *lifecycle) sign(t *testing.T) string {
	t.Helper()
	raw, err := l.signer.Sign(t.Context(), issuer.Claims{Audience: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.verifier.Verify(raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

// keptFresh looks until two further staples have come and the first has ended:
// at no moment is there none to sign with.
func (l *lifecycle) keptFresh(t *testing.T) {
	first := l.current(t)
	last, newer := first, 0
	deadline := time.Now().Add(patience)
	for newer < 2 || time.Since(first.ThisUpdate()) <= age {
		if time.Now().After(deadline) {
			t.Fatalf("%d new staples within %s", newer, patience)
		}
		if staple := l.current(t); staple.ThisUpdate().After(last.ThisUpdate()) {
			last, newer = staple, newer+1
			l.sign(t)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (l *lifecycle) current(t *testing.T) *ocspstaple.Staple {
	t.Helper()
	staples, err := l.keeper.Current(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return staples[0]
}

func (l *lifecycle) revoked(t *testing.T) {
	l.ca.Revoke(t, l.identity.Leaf())
	select {
	case err := <-l.ended:
		if !errors.Is(err, stapled.CertificateRevoked) {
			t.Fatalf("the stapler ended with %v, want %s", err, stapled.CertificateRevoked)
		}
	case <-time.After(patience):
		t.Fatalf("the stapler has not seen the revocation after %s", patience)
	}
}

func (l *lifecycle) issuerRefuses(t *testing.T) {
	raw, err := l.signer.Sign(t.Context(), issuer.Claims{Audience: []string{audience}})
	if !errors.Is(err, stapled.CertificateRevoked) {
		t.Fatalf("got a token of %d bytes and error %v, want %s", len(raw), err, stapled.CertificateRevoked)
	}
}

// verifierRefuses signs as somebody would who has stolen the key: a token that
// is right except that its staple says revoked.
func (l *lifecycle) verifierRefuses(t *testing.T) {
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	leaf, above := l.identity.Leaf(), l.ca.Anchor
	if len(l.identity.Chain) > 1 {
		above = l.identity.Chain[1]
	}
	// The fetcher tries the other CertID hash if this one is not known.
	der, err := fetcher.Fetch(t.Context(), stapler.Request{Certificate: leaf, Issuer: above, Revalidate: true})
	if err != nil {
		t.Fatal(err)
	}
	if staple, err := ocspstaple.Authenticate(der, leaf, above, time.Now(), time.Minute); err != nil || staple.Status() != ocspstaple.Revoked {
		t.Fatalf("the responder answers with %v and error %v, want revoked", staple, err)
	}
	parts := strings.Split(l.token, ".")
	var header map[string]any
	if err := json.Unmarshal(decode(t, parts[0]), &header); err != nil {
		t.Fatal(err)
	}
	header["ocsp"] = []string{base64.StdEncoding.EncodeToString(der)}
	protected, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	input := base64.RawURLEncoding.EncodeToString(protected) + "." + parts[1]
	raw := input + "." + base64.RawURLEncoding.EncodeToString(es256(t, l.identity.Key, input))
	if _, err := l.verifier.Verify(raw); !errors.Is(err, stapled.CertificateRevoked) {
		t.Fatalf("got error %v, want %s", err, stapled.CertificateRevoked)
	}
}

func (l *lifecycle) earlierEnds(t *testing.T) {
	anchors, err := certs.NewAnchors(l.ca.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	v, err := verifier.New(verifier.Config{
		Anchors: anchors, Audience: audience, MaxStapleAge: age, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		IssuedAt int64 `json:"iat"`
	}
	if err := json.Unmarshal(decode(t, strings.Split(l.token, ".")[1]), &claims); err != nil {
		t.Fatal(err)
	}
	now = time.Unix(claims.IssuedAt, 0)
	token, err := v.Verify(l.token)
	if err != nil {
		t.Fatal(err)
	}
	if now = token.FreshUntil().Add(time.Second); now.Sub(time.Unix(claims.IssuedAt, 0)) > age+time.Second {
		t.Errorf("the token is good for longer than %s after it was signed", age)
	}
	if _, err := v.Verify(l.token); err == nil {
		t.Error("the token outlives its staple")
	}
}

func decode(t *testing.T, part string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// es256 signs with ES256 (RFC 7518 §3.4).
func es256(t *testing.T, key crypto.Signer, input string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))}, nil)
}
