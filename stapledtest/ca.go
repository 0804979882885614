// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stapledtest helps to test code that signs or verifies stapled tokens:
// an in-memory CA, identities, staples of every status, tokens, a verifier, and
// the clock that they all share.
//
//	ca := stapledtest.NewCA(t)
//	orders := ca.Identity("https://orders.internal")
//	raw := ca.Token(orders, issuer.Claims{Audience: []string{"billing"}})
//	token, err := ca.Verifier("billing").Verify(raw)
//
// The package opens no socket and writes no file. Every key is new and P-256.
// Any failure to make something fails the test.
package stapledtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/verifier"
)

// IdentityLifetime is the time from notBefore to notAfter of an identity.
const IdentityLifetime = 24 * time.Hour

// CA issues certificates and answers for their status. Its own certificate is
// always valid. It is safe for concurrent use. Make one with [NewCA]; the zero
// value is not usable.
type CA struct {
	// Clock is the time for the CA and everything it makes. To share a clock,
	// assign one CA's clock to another before using either.
	Clock *Clock

	tb      testing.TB
	party   *testca.Party
	revoked *revocations
}

// revocations are by serial number, which is unique within a test.
type revocations struct {
	sync.Mutex
	reasons map[string]ocspstaple.CRLReason
}

var lastCA atomic.Int64

// NewCA returns a root CA that issues identities directly. It has a new clock.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	return &CA{
		Clock:   new(Clock),
		tb:      tb,
		party:   testca.New(authority(tb)...),
		revoked: &revocations{reasons: make(map[string]ocspstaple.CRLReason)},
	}
}

// Intermediate returns a CA below this one, with the same anchor and clock. Its
// identities have its certificate in their chain.
func (ca *CA) Intermediate() *CA {
	ca.tb.Helper()
	below := *ca
	below.party = ca.party.Intermediate(authority(ca.tb)...)
	return &below
}

// authority gives a CA certificate its own name and key, and a validity without
// end (RFC 5280 §4.1.2.5).
func authority(tb testing.TB) []testca.Edit {
	tb.Helper()
	return []testca.Edit{
		testca.Named(fmt.Sprintf("Test CA %d", lastCA.Add(1))),
		testca.WithKey(newKey(tb)),
		testca.Valid(time.Unix(0, 0), time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)),
	}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("stapledtest: %v", err)
	}
	return key
}

// Identity issues a certificate that may sign tokens, valid from now for
// [IdentityLifetime]. A name with a colon is a URI, any other is a DNS name;
// the first one is also the common name. The identity has its Anchor.
func (ca *CA) Identity(name string, more ...string) *certs.Identity {
	ca.tb.Helper()
	now := ca.Clock.Now().Truncate(time.Second)
	key := newKey(ca.tb)
	var uris []*url.URL
	var dnsNames []string
	names := append([]string{name}, more...)
	for _, name := range names {
		if !strings.Contains(name, ":") {
			dnsNames = append(dnsNames, name)
			continue
		}
		uri, err := url.Parse(name)
		if err != nil {
			ca.tb.Fatalf("stapledtest: %v", err)
		}
		uris = append(uris, uri)
	}
	leaf := ca.party.Leaf(testca.Named(name), testca.WithKey(key), testca.Valid(now, now.Add(IdentityLifetime)),
		func(t *testca.Template) { t.URIs, t.DNSNames = uris, dnsNames })
	usable, err := san.Of(leaf.Cert)
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	for _, name := range names {
		if usable.CheckIssuer(name) != nil {
			ca.tb.Fatalf("stapledtest: %q names no issuer: use a URI or the name of a host", name)
		}
	}
	identity, err := certs.NewIdentity(append(leaf.Chain(), ca.root().Cert), key)
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return identity
}

func (ca *CA) root() *testca.Party {
	root := ca.party
	for root.Issuer != nil {
		root = root.Issuer
	}
	return root
}

// Anchors returns only the root.
func (ca *CA) Anchors() *certs.Anchors {
	ca.tb.Helper()
	anchors, err := certs.NewAnchors(ca.root().Cert)
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return anchors
}

// Verifier returns a verifier that trusts the root, for one audience, with the
// CA's clock and otherwise the defaults. For anything else, pass the CA's
// Anchors and Clock.Now to [verifier.New].
func (ca *CA) Verifier(audience string) *verifier.Verifier {
	ca.tb.Helper()
	v, err := verifier.New(verifier.Config{Anchors: ca.Anchors(), Audience: audience, Now: ca.Clock.Now})
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return v
}
