// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
)

// outcome returns the result of Verify: the token, or the reason. It fails
// unless there is either a token or an error of the documented kind, and not
// both.
func (v *Verifier) outcome(t testing.TB, raw string) (Token, stapled.Reason) {
	t.Helper()
	return v.outcomeFrom(t, raw, nil)
}

// outcomeFrom is outcome for a token that comes from a peer.
func (v *Verifier) outcomeFrom(t testing.TB, raw string, peer *x509.Certificate) (Token, stapled.Reason) {
	t.Helper()
	token, err := v.VerifyBound(raw, Bindings{Peer: peer})
	if err == nil {
		if token == (Token{}) {
			t.Fatal("neither a token nor an error")
		}
		return token, ""
	}
	var e *stapled.Error
	if token != (Token{}) || !errors.As(err, &e) || !slices.Contains(stapled.Reasons(), e.Reason) || e.Err == nil {
		t.Fatalf("%v beside %T: %v", token, err, err)
	}
	checkErrorText(t, err, raw)
	return Token{}, e.Reason
}

// confirm checks an accepted token against go-jose, crypto/x509 and
// encoding/json.
func confirm(t testing.TB, w *world, raw string, token Token) {
	t.Helper()
	leaf, err := token.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	payload, err := verifyWithJOSE(raw, leaf.PublicKey)
	if err != nil {
		t.Fatalf("accepted, and go-jose says %v", err)
	}
	if payload != token.accepted.payload {
		t.Fatalf("the payload is %q, and for go-jose %q", token.accepted.payload, payload)
	}
	jws, err := jose.ParseSignedCompact(raw, certkey.Algorithms())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(w.root.Cert)
	at := token.accepted.header.window.NotBefore // crypto/x509 has no leeway
	if at.Before(testca.Now) {
		at = testca.Now
	}
	chains, err := jws.Signatures[0].Protected.Certificates(x509.VerifyOptions{
		Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil || !chains[0][0].Equal(leaf) {
		t.Fatalf("accepted, and crypto/x509 says %v", err)
	}
	if token.FreshUntil().Before(testca.Now) || token.Issuer() == "" {
		t.Fatalf("accepted: %+v", token)
	}
	checkDecode(t, token)
}

// verifyWithJOSE verifies the signature by go-jose.
func verifyWithJOSE(raw string, key crypto.PublicKey) (payload string, err error) {
	jws, err := jose.ParseSignedCompact(raw, certkey.Algorithms())
	if err != nil {
		return "", err
	}
	verified, err := jws.Verify(key)
	return string(verified), err
}

// everyToken gives the tokens of all forgeries.
func everyToken(w *world) []string {
	var raws []string
	for _, c := range catalogue.Forgeries() {
		for _, s := range theMaker().Make(&c).Steps {
			// What is too large says nothing by its content, and weighs.
			if len(s.Token) <= stapled.MaxTokenBytes {
				raws = append(raws, s.Token)
			}
		}
	}
	for _, kind := range testca.Kinds() {
		raws = append(raws, w.intermediate.Leaf(testca.Keyed(kind)).Token())
	}
	return raws
}

// most is the memory that the verification of one token may take. Refusing a
// stranger's token costs less: see TestHostileTokens.
const most = 256 << 10

// bounded is outcome within that memory.
func (v *Verifier) bounded(t testing.TB, raw string) (token Token, reason stapled.Reason) {
	t.Helper()
	bounds.Hold(t, most, func() { token, reason = v.outcome(t, raw) })
	return token, reason
}

// FuzzToken submits anything: no panic, a documented reason, bounded memory,
// the same result with and without caches, and nothing accepted that go-jose or
// crypto/x509 refuses, or that has another encoding.
func FuzzToken(f *testing.F) {
	w := theWorld()
	seeds := everyToken(w)
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, raw := range seeds {
		f.Add(raw)
	}
	cfg := w.config(&clock{testca.Now})
	cfg.Cache = small
	without := cfg
	without.Cache = CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}
	honest := w.leaf.Token()
	f.Fuzz(func(t *testing.T, raw string) {
		// Each input has a verifier of its own: many seeds say that the leaf is
		// revoked, and nothing would be accepted after the first of them.
		v := newVerifier(t, cfg)
		mustAccept(t, v, honest)
		token, first := v.bounded(t, raw)
		if token != (Token{}) {
			confirm(t, w, raw, token)
			if encode(raw) != raw {
				t.Error("it is not what its segments are when they are encoded again")
			}
		}
		if _, again := v.outcome(t, raw); again != first {
			t.Errorf("first %q, then %q", first, again)
		}
		if _, cold := newVerifier(t, without).outcome(t, raw); cold != first {
			t.Errorf("%q, and without caches %q", first, cold)
		}
	})
}

// encode decodes the segments of a token and encodes them again.
func encode(raw string) string {
	segments := strings.Split(raw, ".")
	for i, segment := range segments {
		decoded, err := base64.RawURLEncoding.DecodeString(segment)
		if err != nil {
			return ""
		}
		segments[i] = base64.RawURLEncoding.EncodeToString(decoded)
	}
	return strings.Join(segments, ".")
}

// small caches are made quickly.
var small = CacheSizes{Tokens: 32 << 10, Headers: 32 << 10, Certificates: 32 << 10}

// FuzzSigned signs any header and any claims with a key that the CA certified,
// to reach the checks after the signature. The seeds are the headers and claims
// of all forgeries.
func FuzzSigned(f *testing.F) {
	w := theWorld()
	base := testca.NewToken(w.leaf, w.leaf.Staple())
	sign := func(header, payload []byte) string {
		signed := copyToken(base)
		// An empty slice means that it is made of the members.
		signed.RawHeader, signed.RawPayload = append([]byte{}, header...), append([]byte{}, payload...)
		return signed.Compact()
	}
	cfg := w.config(&clock{testca.Now})
	cfg.Cache = small
	accepted := 0
	for _, raw := range append(everyToken(w), base.Compact()) {
		parts := append(strings.SplitN(raw, ".", 3), "", "")
		header, err := base64.RawURLEncoding.DecodeString(parts[0])
		payload, err2 := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil || err2 != nil {
			continue
		}
		f.Add(header, payload)
		if token, _ := newVerifier(f, cfg).outcome(f, sign(header, payload)); token != (Token{}) {
			accepted++
		}
	}
	if accepted == 0 {
		f.Fatal("no seed is accepted")
	}
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		raw := sign(header, payload)
		v := newVerifier(t, cfg)
		token, cold := v.bounded(t, raw)
		if token != (Token{}) {
			confirm(t, w, raw, token)
		}
		if _, again := v.outcome(t, raw); again != cold {
			t.Errorf("first %q, then %q", cold, again)
		}
	})
}

// FuzzWarm sends any payload and any signature under proven headers. It
// compares the warm path, which only the standard library verifies, with
// go-jose and with the cold path.
func FuzzWarm(f *testing.F) {
	w := theWorld()
	type warmed struct {
		header string
		token  *testca.Token
		key    crypto.PublicKey
	}
	cfg := w.config(&clock{testca.Now})
	warm := newVerifier(f, cfg)
	cfg.Cache = small
	var parties []warmed
	for _, kind := range testca.Kinds() {
		leaf := w.intermediate.Leaf(testca.Keyed(kind))
		algs := []string{testca.JWSAlgorithm(leaf.Key)}
		if kind == testca.RSA2048 {
			algs = append(algs, "PS256", "RS512")
		}
		for _, alg := range algs {
			token := testca.NewToken(leaf, leaf.Staple())
			token.Alg = alg
			token.Header.Set("alg", alg)
			raw := token.Compact()
			mustAccept(f, warm, raw)
			party := len(parties)
			parties = append(parties, warmed{headerOf(raw), token, leaf.Key.Public()})
			for _, signed := range []bool{true, false} {
				f.Add(byte(party), signed, cut(raw)[1], cut(raw)[2])
				f.Add(byte(party), signed, cut(raw)[1]+"=", cut(raw)[2]+"\n")
				f.Add(byte(party), signed, base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"iss":%q}`, alg))), "AAAA")
			}
		}
	}
	if len(parties) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, party byte, signed bool, payload, signature string) {
		p := parties[int(party)%len(parties)]
		input := p.header + "." + payload
		if signed {
			signature = base64.RawURLEncoding.EncodeToString(testca.SignJWS(p.token.Key, p.token.Alg, []byte(input)))
		}
		raw := input + "." + signature
		token, got := warm.outcome(t, raw)
		if token != (Token{}) {
			confirm(t, w, raw, token)
		}
		_, cold := newVerifier(t, cfg).outcome(t, raw)
		if got != cold {
			t.Fatalf("warm %q, cold %q", got, cold)
		}
		_, err := verifyWithJOSE(raw, p.key)
		if accepted := got == ""; accepted != (err == nil && cold == "") {
			t.Fatalf("warm %q, cold %q, go-jose %v", got, cold, err)
		}
		// Where nothing but the signature is at issue, go-jose decides alike.
		if (got == stapled.SignatureInvalid) && err == nil {
			t.Fatalf("the signature is refused, and go-jose accepts it")
		}
	})
}
