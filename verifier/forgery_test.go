// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"regexp"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/testca"
)

// unsafeName matches what a test name must not contain.
var unsafeName = regexp.MustCompile(`[^A-Za-z0-9#.+-]+`)

// state is what a verifier may have seen when a token arrives.
type state struct {
	name  string
	cache CacheSizes
	// seen returns the tokens that the verifier has accepted.
	seen func(catalogue.Pair) []string
}

var none = CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}

var states = []state{
	{name: "cold", seen: func(catalogue.Pair) []string { return nil }},
	{name: "warm", seen: func(p catalogue.Pair) []string { return []string{p.Another} }},
	{name: "hot", seen: func(p catalogue.Pair) []string { return []string{p.Honest, p.Honest} }},
	{name: "uncached", cache: none, seen: func(p catalogue.Pair) []string { return []string{p.Honest} }},
}

// configOf returns the configuration that a case asks for.
func configOf(made *catalogue.Made, c *clock) Config {
	policy := made.Policy
	cfg := Config{
		Anchors: trusting(made.Trust(made.Anchors...)...), Audience: policy.Audience, Issuers: policy.Issuers, Type: policy.Type, Algorithms: policy.Algorithms,
		MaxStapleAge: time.Duration(policy.MaxStapleAge) * time.Second,
		MaxLifetime:  time.Duration(policy.MaxLifetime) * time.Second,
		Leeway:       leeway.Configured(time.Duration(policy.Leeway) * time.Second),
		Now:          c.read,
	}
	cfg.KeyUsage = map[string]x509.ExtKeyUsage{"clientAuth": x509.ExtKeyUsageClientAuth, "serverAuth": x509.ExtKeyUsageServerAuth}[policy.KeyUsage]
	cfg.StapleChain = policy.Staples == "chain"
	return cfg
}

// honest returns the configuration of the case, and valid tokens for it. They
// have the header of the forgery unless the forgery changes that. If no valid
// token leads to the anchors of the case, honest adds the usual root.
func honest(t *testing.T, made *catalogue.Made, c *clock) (Config, catalogue.Pair) {
	c.now = testca.Now
	cfg := configOf(made, c)
	for _, anchors := range []*certs.Anchors{cfg.Anchors, besides(made, theWorld().root.Cert)} {
		cfg.Anchors = anchors
		v := newVerifier(t, cfg)
		for pair := range made.Honest() {
			if _, err := v.Verify(pair.Honest); err == nil {
				return cfg, pair
			}
		}
	}
	t.Fatal("the verifier accepts no honest token, so that it cannot be warm or hot")
	return Config{}, catalogue.Pair{}
}

func trusting(list ...certs.AnchorConfig) *certs.Anchors {
	anchors, err := certs.NewScopedAnchors(list...)
	if err != nil {
		panic(err)
	}
	return anchors
}

// besides returns the anchors of a case and one more, unless they include it.
func besides(made *catalogue.Made, root *x509.Certificate) *certs.Anchors {
	list := made.Trust(made.Anchors...)
	if anchors := trusting(list...); anchors.Of(root) != nil {
		return anchors
	}
	return trusting(append(list, certs.AnchorConfig{Certificates: []*x509.Certificate{root}})...)
}

// TestForgeries submits every forgery of the catalogue to four verifiers: one
// that has seen nothing, one that has seen the honest header, one that has seen
// the honest token, and one without caches. All give the same reason.
func TestForgeries(t *testing.T) {
	m := theMaker()
	warm := 0
	for _, c := range catalogue.Forgeries() {
		t.Run(c.Test(), func(t *testing.T) {
			made := m.Make(&c)
			if c.Sequence() {
				testSequence(t, made)
				return
			}
			at := new(clock)
			cfg, pair := honest(t, made, at)
			if cut(pair.Honest)[0] == cut(made.Steps[0].Token)[0] {
				warm++
			}
			for _, s := range states {
				t.Run(s.name, func(t *testing.T) { s.reject(t, cfg, at, pair, &made.Steps[0]) })
			}
		})
	}
	t.Logf("%d forgeries have the header of an honest token", warm)
	t.Run("T05_system_root", testSystemRoot)
	t.Run("T17_windows", testWindows)
	t.Run("T19_header_variants", testHeaderVariants)
}

// reject submits a forgery twice to a verifier in this state.
func (s *state) reject(t *testing.T, cfg Config, at *clock, pair catalogue.Pair, forged *catalogue.Step) {
	cfg.Cache = s.cache
	v := newVerifier(t, cfg)
	at.now = testca.Now
	s.prepare(t, v, pair)
	at.now = forged.Now
	tokens, headers, _ := v.cached()
	mustRejectFrom(t, v, forged.Token, forged.Peer, forged.Want)
	mustRejectFrom(t, v, forged.Token, forged.Peer, forged.Want)
	// It leaves no trace.
	if nowTokens, nowHeaders, _ := v.cached(); nowTokens != tokens || nowHeaders != headers {
		t.Error("a rejected token has entered a cache")
	}
	at.now = testca.Now
	if v.revocations.presented.count.Load() == 0 {
		mustAccept(t, v, pair.Honest)
	}
}

// prepare brings a verifier into the state.
func (s *state) prepare(t *testing.T, v *Verifier, pair catalogue.Pair) {
	var last Token
	for _, raw := range s.seen(pair) {
		token := mustAccept(t, v, raw)
		if s.name == "hot" && last != (Token{}) && token != last {
			t.Fatal("the token is not hot")
		}
		last = token
		if _, ok := v.headers.get(everyView, headerOf(raw)); s.cache != none && !ok {
			t.Fatal("the header is not warm")
		}
	}
}

func headerOf(raw string) string {
	t, err := split(raw)
	if err != nil {
		panic(err)
	}
	return t.header
}

// testSequence takes the steps of a case on one verifier: each once, each with
// cached headers but no cached tokens, each twice, and with nothing cached.
func testSequence(t *testing.T, made *catalogue.Made) {
	for _, s := range []struct {
		name  string
		cache CacheSizes
		times int
	}{{"cold", CacheSizes{}, 1}, {"warm", CacheSizes{Tokens: -1}, 2}, {"hot", CacheSizes{}, 2}, {"uncached", none, 2}} {
		t.Run(s.name, func(t *testing.T) {
			at := new(clock)
			cfg := configOf(made, at)
			cfg.Cache = s.cache
			v := newVerifier(t, cfg)
			views := make(map[*catalogue.View]*Verifier)
			for i := range made.Steps {
				step := &made.Steps[i]
				at.now = step.Now
				if step.Anchors != nil {
					if err := v.SetAnchors(trusting(made.Trust(step.Anchors...)...)); err != nil {
						t.Fatal(err)
					}
				}
				for range s.times {
					checkStep(t, viewOf(t, v, views, step.View), made, i, step)
				}
			}
		})
	}
}

// viewOf returns the view of a step, which later steps share.
func viewOf(t *testing.T, v *Verifier, views map[*catalogue.View]*Verifier, want *catalogue.View) *Verifier {
	if want == nil {
		return v
	}
	if views[want] == nil {
		view, err := v.View(ViewConfig{
			Audience: want.Audience, Issuers: want.Issuers, Type: want.Type, MaxLifetime: time.Duration(want.MaxLifetime) * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		views[want] = view
	}
	return views[want]
}

func checkStep(t *testing.T, v *Verifier, made *catalogue.Made, i int, step *catalogue.Step) {
	t.Helper()
	token, reason := v.outcomeFrom(t, step.Token, step.Peer)
	if reason != step.Want {
		t.Fatalf("step %d (%s): %q, want %q", i+1, step.Comment, reason, step.Want)
	}
	if token != (Token{}) && (token.Issuer() != step.Issuer || token.Identity() != step.Identity || !token.FreshUntil().Equal(step.FreshUntil)) {
		t.Errorf("step %d (%s): issuer %q, identity %q, fresh until %s; want %q, %q, %s", i+1, step.Comment,
			token.Issuer(), token.Identity(), token.FreshUntil(), step.Issuer, step.Identity, step.FreshUntil)
	}
	if token != (Token{}) && step.Anchor != "" && token.Anchor() != trusting(made.Trust(step.Anchor)...).All()[0].ID() {
		t.Errorf("step %d (%s): the anchor is %+v, want %s", i+1, step.Comment, token.Anchor(), step.Anchor)
	}
}
