// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package benchmarks measures the cost of a verification and a signature,
// beside the raw primitives and beside golang-jwt, go-jose and jwx, all in one
// run. It is a separate module, which keeps those out of the project's go.mod.
//
// A [Path] is one way to do one thing. `go test -bench .` runs each by itself;
// command compare runs them in turn, round after round, so that other load on
// the machine affects all of them, and takes medians of ratios.
// scripts/bench.sh runs both and writes docs/performance.md.
package benchmarks

import (
	"context"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/verifier"
)

const (
	audience = "orders"
	subject  = "alice"
	// lifetime is the lifetime of staples and tokens: longer than any run.
	lifetime = 50 * time.Minute
)

// Setup is what the paths share: a root, an intermediate, and a client for each
// kind of key.
type Setup struct {
	ca       *testca.Party
	anchors  *certs.Anchors
	now      func() time.Time
	verifier *verifier.Verifier // with the default configuration
	clients  map[testca.Kind]*client
}

// client is a party that signs tokens with one header.
type client struct {
	leaf   *testca.Party
	staple []byte
	issuer *issuer.Issuer
}

// NewSetup makes certificates, staples and verifier.
func NewSetup() (*Setup, error) {
	root := testca.New()
	anchors, err := certs.NewAnchors(root.Cert)
	if err != nil {
		return nil, err
	}
	// The certificates are made for testca.Now. The clock runs on from there, and
	// reading it costs the usual time.
	ahead := time.Until(testca.Now)
	s := &Setup{
		ca: root.Intermediate(), anchors: anchors,
		now:     func() time.Time { return time.Now().Add(ahead) },
		clients: make(map[testca.Kind]*client),
	}
	if s.verifier, err = s.newVerifier(verifier.CacheSizes{}); err != nil {
		return nil, err
	}
	for _, kind := range []testca.Kind{testca.P256, testca.Ed25519, testca.RSA2048} {
		if s.clients[kind], err = s.newClient(s.ca.Leaf(testca.Keyed(kind))); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Setup) newVerifier(sizes verifier.CacheSizes) (*verifier.Verifier, error) {
	return verifier.New(verifier.Config{Anchors: s.anchors, Audience: audience, Now: s.now, Cache: sizes})
}

func (s *Setup) newClient(leaf *testca.Party) (*client, error) {
	identity, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		return nil, err
	}
	der := leaf.Staple(lasting)
	staple, err := ocspstaple.Authenticate(der, leaf.Cert, leaf.Issuer.Cert, s.now(), 0)
	if err != nil {
		return nil, err
	}
	iss, err := issuer.New(issuer.Config{
		Identity: identity, Staples: issuer.StaticStaples{staple}, TTL: lifetime, Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	return &client{leaf: leaf, staple: der, issuer: iss}, nil
}

// lasting makes a staple valid for lifetime.
func lasting(r *testca.Response) {
	r.Singles[0].NextUpdate = r.Singles[0].ThisUpdate.Add(lifetime)
}

// sign makes n tokens that differ only in jti.
func (c *client) sign(n int) ([]string, error) {
	tokens := make([]string, n)
	for i := range tokens {
		var err error
		tokens[i], err = c.issuer.Sign(context.Background(), issuer.Claims{Audience: []string{audience}, Subject: subject})
		if err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// token makes one token with a new staple for a leaf.
func token(leaf *testca.Party) string {
	t := testca.NewToken(leaf, leaf.Staple(lasting))
	t.Claims.Set("sub", subject)
	t.Claims.Set("exp", testca.Now.Add(lifetime).Unix())
	return t.Compact()
}

// tokens makes n tokens.
func tokens(n int, make1 func(i int) string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = make1(i)
	}
	return all
}

// Fill fills the caches of the verifier, as in a service that has run for a
// while: from here on, anything it remembers evicts something.
func (s *Setup) Fill(tokens, leaves int) error {
	for _, fill := range []struct {
		path string
		n    int
	}{{"new_leaf", leaves}, {"warm_es256", tokens}} {
		p := s.path(fill.path)
		for n := fill.n; n > 0; n -= 500 {
			if err := p.run(min(n, 500)); err != nil {
				return err
			}
		}
	}
	return nil
}
