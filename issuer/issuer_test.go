// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// newParty is a leaf below an intermediate below a root.
func newParty(kind testca.Kind, edits ...testca.Edit) *testca.Party {
	return testca.New().Intermediate().Leaf(append([]testca.Edit{testca.Keyed(kind)}, edits...)...)
}

func identity(tb testing.TB, leaf *testca.Party) *certs.Identity {
	tb.Helper()
	id, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// staple makes a staple that is authentic for the party, whatever it says.
func staple(tb testing.TB, party *testca.Party, edits ...func(*testca.Response)) *ocspstaple.Staple {
	tb.Helper()
	s, err := ocspstaple.Authenticate(party.Staple(edits...), party.Cert, party.Issuer.Cert, testca.Now, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// below gives the identity an anchor.
func below(c *issuer.Config, anchor *x509.Certificate) {
	id := *c.Identity
	id.Anchor = anchor
	c.Identity = &id
}

func fixed(tb testing.TB, parties ...*testca.Party) issuer.StaticStaples {
	var staples issuer.StaticStaples
	for _, party := range parties {
		staples = append(staples, staple(tb, party))
	}
	return staples
}

// source is a StapleSource that a test can change.
type source struct {
	staples []*ocspstaple.Staple
	err     error
}

func (s *source) Current(time.Time) ([]*ocspstaple.Staple, error) { return s.staples, s.err }

// clock is set by a test while others read it.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.set(testca.Now)
	return c
}

func (c *clock) set(t time.Time)         { c.nanos.Store(t.UnixNano()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }
func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }

func config(tb testing.TB, leaf *testca.Party, staples issuer.StapleSource) issuer.Config {
	tb.Helper()
	return issuer.Config{
		Identity: identity(tb, leaf), Staples: staples,
		Now: func() time.Time { return testca.Now },
	}
}

func newIssuer(tb testing.TB, leaf *testca.Party, staples issuer.StapleSource, edits ...func(*issuer.Config)) *issuer.Issuer {
	tb.Helper()
	cfg := config(tb, leaf, staples)
	for _, edit := range edits {
		edit(&cfg)
	}
	iss, err := issuer.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return iss
}

var forOrders = issuer.Claims{Audience: []string{"orders"}}

func sign(tb testing.TB, iss *issuer.Issuer, claims issuer.Claims) string {
	tb.Helper()
	raw, err := iss.Sign(tb.Context(), claims)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// open verifies a token with go-jose and returns its header and claims.
func open(tb testing.TB, raw string, leaf *x509.Certificate) (header, claims map[string]any) {
	tb.Helper()
	jws, err := jose.ParseSignedCompact(raw, certkey.Algorithms())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := jws.Verify(leaf.PublicKey); err != nil {
		tb.Fatal(err)
	}
	return unverified(tb, raw)
}

func unverified(tb testing.TB, raw string) (header, claims map[string]any) {
	tb.Helper()
	segments := strings.Split(raw, ".")
	for n, v := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.Strict().DecodeString(segments[n])
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(text, v); err != nil {
			tb.Fatal(err)
		}
	}
	return header, claims
}

// wantReason checks that an error follows the contract of this package.
func wantReason(tb testing.TB, err error, reason stapled.Reason) {
	tb.Helper()
	if !errors.Is(err, reason) {
		tb.Fatalf("got error %v, want reason %s", err, reason)
	}
	var e *stapled.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Err == nil {
		tb.Errorf("error %#v is not an *stapled.Error with a cause", err)
	}
	if prefix := string(reason) + ": "; !strings.HasPrefix(err.Error(), prefix) || strings.HasPrefix(err.Error(), prefix+prefix) {
		tb.Errorf("error %q does not begin with its reason once", err)
	}
}

// counting wraps a key, as a client of a key management service would, and
// counts its signatures. It can be set to fail.
type counting struct {
	crypto.Signer
	signed atomic.Int64
	err    error
	edit   func(signature []byte) []byte
}

func (k *counting) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	k.signed.Add(1)
	if k.err != nil {
		return nil, k.err
	}
	signature, err := k.Signer.Sign(random, digest, options)
	if k.edit != nil {
		signature = k.edit(signature)
	}
	return signature, err
}

func TestEveryKindOfKeySignsWhatGoJoseVerifies(t *testing.T) {
	for _, row := range []struct {
		name string
		kind testca.Kind
		alg  jose.SignatureAlgorithm // asked for
		want jose.SignatureAlgorithm
	}{
		{"P-256", testca.P256, "", jose.ES256},
		{"P-384", testca.P384, "", jose.ES384},
		{"P-521", testca.P521, "", jose.ES512},
		{"Ed25519", testca.Ed25519, "", jose.EdDSA},
		{"RSA", testca.RSA2048, "", jose.RS256},
		{"RSA RS384", testca.RSA2048, jose.RS384, jose.RS384},
		{"RSA RS512", testca.RSA2048, jose.RS512, jose.RS512},
		{"RSA PS256", testca.RSA2048, jose.PS256, jose.PS256},
		{"RSA PS384", testca.RSA2048, jose.PS384, jose.PS384},
		{"RSA PS512", testca.RSA2048, jose.PS512, jose.PS512},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(row.kind)
			iss := newIssuer(t, leaf, fixed(t, leaf), func(c *issuer.Config) { c.Algorithm = string(row.alg) })
			count := 20 // often enough that some r or s is short; on P-521 it is every other
			if row.kind == testca.RSA2048 {
				count = 2
			}
			for range count {
				header, claims := open(t, sign(t, iss, forOrders), leaf.Cert)
				if header["alg"] != string(row.want) {
					t.Fatalf("alg is %v, want %s", header["alg"], row.want)
				}
				if claims["aud"] != "orders" {
					t.Fatalf("aud is %v", claims["aud"])
				}
			}
		})
	}
}
