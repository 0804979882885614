// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package readme

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/verifier"
)

// world is a CA, its issuers and its verifiers, in the middle of a rollover.
// After every change of one of them, each issuer signs a token, and each
// verifier gets every token that has not expired.
type world struct {
	t         *testing.T
	now       time.Time
	random    *rand.Rand
	issuers   []*service
	verifiers []*trusting
	inFlight  []signed
	// revoked are CAs that their issuer has revoked, and retired those that
	// answer no more.
	revoked, retired []*testca.Party
	accepted         int
	// refused is the first refusal.
	refused error

	// old and new are anchors, ca issues for the old one and nextCA for the new
	// one. cross is the new root as the old one certified it.
	old, new, ca, nextCA, cross *testca.Party
}

type signed struct {
	raw  string
	from string
	exp  time.Time
}

// service is an issuer.
type service struct {
	w      *world
	name   string
	x5c    []*testca.Party
	agreed []*testca.Party // it leaves these out, and what is above
	signer *issuer.Issuer
	// foreign makes it another implementation, which also sends the root.
	foreign bool
}

// trusting is a verifier.
type trusting struct {
	w        *world
	name     string
	cfg      verifier.Config
	restarts bool // with every change of its anchors
	trusted  []*testca.Party
	verifier *verifier.Verifier
}

// newWorld has four issuers below a CA, one of which sends its root, and four
// verifiers with the same anchors. The first of these is the old one.
func newWorld(t *testing.T, ca *testca.Party, trusted ...*testca.Party) *world {
	w := &world{t: t, now: testca.Now, random: rand.New(rand.NewPCG(10, 27)), old: trusted[0], ca: ca}
	off := verifier.CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}
	w.verifiers = []*trusting{
		{name: "keeps running"},
		{name: "starts anew", restarts: true},
		{name: "remembers nothing", cfg: verifier.Config{Cache: off}},
		{name: "requires all staples", cfg: verifier.Config{StapleChain: true}},
	}
	for _, v := range w.verifiers {
		v.w = w
		v.trust(trusted)
	}
	for _, name := range []string{"orders", "billing", "stock", "foreign"} {
		s := &service{w: w, name: name, foreign: name == "foreign"}
		w.issuers = append(w.issuers, s)
		s.enroll(ca)
	}
	w.check()
	return w
}

// anyVerifier and anyIssuer take them one at a time, in any order.
func (w *world) anyVerifier(change func(*trusting)) { anyOrder(w, w.verifiers, change) }
func (w *world) anyIssuer(change func(*service))    { anyOrder(w, w.issuers, change) }

func anyOrder[T any](w *world, parties []T, change func(T)) {
	for _, i := range w.random.Perm(len(parties)) {
		change(parties[i])
		w.check()
	}
}

// check has every issuer sign, and every verifier verify everything.
func (w *world) check() {
	for _, s := range w.issuers {
		raw, err := s.token()
		if err != nil {
			w.refuse(fmt.Errorf("%s cannot sign: %w", s.name, err))
			continue
		}
		w.inFlight = append(w.inFlight, signed{raw, s.name, w.now.Add(issuer.DefaultTTL)})
	}
	w.inFlight = slices.DeleteFunc(w.inFlight, func(token signed) bool { return !w.now.Before(token.exp) })
	for _, token := range w.inFlight {
		for _, v := range w.verifiers {
			if _, err := v.verifier.Verify(token.raw); err != nil {
				w.refuse(fmt.Errorf("the verifier that %s refuses a token of %s: %w", v.name, token.from, err))
				continue
			}
			w.accepted++
		}
	}
	w.now = w.now.Add(time.Second)
}

// retire ends CAs and their responders.
func (w *world) retire(list ...*testca.Party) {
	w.retired = append(w.retired, list...)
	w.wait(4 * time.Minute)
}

func (w *world) refuse(err error) {
	if w.refused == nil {
		w.refused = err
	}
}

// wait lets time pass, in which everybody goes on.
func (w *world) wait(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(4*time.Minute, end.Sub(w.now)))
		w.check()
	}
}

// lastTokens waits for the tokens in flight.
func (w *world) lastTokens() { w.wait(issuer.DefaultTTL + time.Minute) }

func anchors(t *testing.T, list []*testca.Party) *certs.Anchors {
	t.Helper()
	var trusted []*x509.Certificate
	for _, p := range list {
		trusted = append(trusted, p.Cert)
	}
	set, err := certs.NewAnchors(trusted...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// trust replaces the anchors.
func (v *trusting) trust(list []*testca.Party) {
	anchors := anchors(v.w.t, list)
	v.trusted = list
	var err error
	if v.verifier == nil || v.restarts {
		cfg := v.cfg
		cfg.Anchors, cfg.Audience, cfg.Now = anchors, "orders", func() time.Time { return v.w.now }
		v.verifier, err = verifier.New(cfg)
	} else {
		err = v.verifier.SetAnchors(anchors)
	}
	if err != nil {
		v.w.t.Fatal(err)
	}
}

func (v *trusting) add(p ...*testca.Party) { v.trust(slices.Concat(v.trusted, p)) }

func (v *trusting) remove(p *testca.Party) {
	v.trust(slices.DeleteFunc(slices.Clone(v.trusted), func(other *testca.Party) bool { return other == p }))
}

// enroll gets a certificate from a CA. The service sends it, the intermediates
// above it, and what it puts behind them.
func (s *service) enroll(ca *testca.Party, behind ...*testca.Party) {
	leaf := ca.Leaf(testca.Named(s.name), testca.Valid(s.w.now.Add(-time.Hour), s.w.now.Add(24*time.Hour)), func(t *testca.Template) {
		t.URIs, t.DNSNames = []*url.URL{{Scheme: "spiffe", Host: "test.example", Path: "/" + s.name}}, nil
	})
	chain := []*testca.Party{leaf}
	for p := ca; p.Issuer != nil; p = p.Issuer {
		chain = append(chain, p)
	}
	s.send(append(chain, behind...))
}

// send makes the service use this chain from now on.
func (s *service) send(x5c []*testca.Party) {
	s.x5c = x5c
	if s.foreign {
		return
	}
	id := &certs.Identity{Key: x5c[0].Key, Anchor: x5c[len(x5c)-1].Issuer.Cert}
	for _, p := range x5c {
		id.Chain = append(id.Chain, p.Cert)
	}
	if len(s.agreed) > 0 {
		id = id.Below(anchors(s.w.t, s.agreed))
	}
	source := &staples{w: s.w, chain: x5c[:len(id.Chain)]}
	var err error
	if s.signer == nil {
		s.signer, err = issuer.New(issuer.Config{Identity: id, Staples: source, Now: func() time.Time { return s.w.now }})
	} else {
		err = s.signer.Rotate(id, source)
	}
	if err != nil {
		s.w.t.Fatal(err)
	}
}

// agree makes these the agreed anchors, or none.
func (s *service) agree(list ...*testca.Party) {
	s.agreed = list
	s.send(s.x5c)
}

func rootOf(p *testca.Party) *testca.Party {
	for p.Issuer != nil {
		p = p.Issuer
	}
	return p
}

func (s *service) token() (string, error) {
	if !s.foreign {
		return s.signer.Sign(s.w.t.Context(), issuer.Claims{Audience: []string{"orders"}})
	}
	list, err := (&staples{w: s.w, chain: s.x5c}).make()
	if err != nil {
		return "", err
	}
	var x5c []string
	for _, p := range append(slices.Clone(s.x5c), rootOf(s.x5c[len(s.x5c)-1])) {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(p.Cert.Raw))
	}
	token := testca.NewToken(s.x5c[0], list...)
	token.Header.Set("x5c", x5c)
	token.Claims.Set("iat", s.w.now.Unix())
	token.Claims.Set("nbf", s.w.now.Unix())
	token.Claims.Set("exp", s.w.now.Add(issuer.DefaultTTL).Unix())
	token.Claims.Set("jti", fmt.Sprint("foreign ", s.w.now.Unix()))
	return token.Compact(), nil
}

// staples has one for each certificate of a chain, not older than two minutes.
type staples struct {
	w     *world
	chain []*testca.Party
	last  []*ocspstaple.Staple
	at    time.Time
}

// Current implements issuer.StapleSource.
func (s *staples) Current(now time.Time) ([]*ocspstaple.Staple, error) {
	if s.last != nil && now.Sub(s.at) < 2*time.Minute && !slices.ContainsFunc(s.chain, s.w.isRevoked) {
		return s.last, nil
	}
	list, err := s.make()
	if err != nil {
		return nil, err
	}
	s.last, s.at = nil, now
	for n, der := range list {
		staple, err := ocspstaple.Authenticate(der, s.chain[n].Cert, s.chain[n].Issuer.Cert, now, stapled.NoLeeway)
		if err != nil {
			return nil, err
		}
		s.last = append(s.last, staple)
	}
	return s.last, nil
}

func (w *world) isRevoked(p *testca.Party) bool { return slices.Contains(w.revoked, p) }

func (s *staples) make() ([][]byte, error) {
	var list [][]byte
	for _, p := range s.chain {
		if slices.Contains(s.w.retired, p.Issuer) {
			return nil, fmt.Errorf("the responder of %s is retired", p.Issuer.Cert.Subject)
		}
		list = append(list, p.Staple(func(r *testca.Response) {
			r.ProducedAt = s.w.now
			single := &r.Singles[0]
			single.ThisUpdate, single.NextUpdate = s.w.now, s.w.now.Add(10*time.Minute)
			if s.w.isRevoked(p) {
				single.Status, single.RevokedAt = testca.Revoked, s.w.now
			}
		}))
	}
	return list, nil
}
