// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Made is the result of making a case: one step, or several that one verifier
// takes in order.
type Made struct {
	Policy Policy
	// Anchors are the names of the certificates that the verifier trusts.
	Anchors []string
	// Scopes are the names for which some of them may vouch.
	Scopes map[string][]string
	Steps  []Step

	maker *Maker
	edits *Case
}

// Step is one token at one time.
type Step struct {
	Comment string
	Now     time.Time
	Token   string
	// Want is the reason for a token that must be rejected. The fields below it
	// describe an accepted token.
	Want             stapled.Reason
	Issuer, Identity string
	// Anchor names an anchor that vouches for the token; empty if the case does not
	// say.
	Anchor     string
	FreshUntil time.Time

	// Anchors replace those of the verifier before this step; nil for the same.
	Anchors []string
	// View is the view to which the token goes; nil for the verifier itself.
	View *View

	// Peer is the certificate of the connection over which the token comes; nil
	// for none.
	Peer *x509.Certificate

	Leaf    *testca.Party
	Staples [][]byte
}

// Make makes a case.
func (m *Maker) Make(c *Case) *Made {
	m.enter(c.Name())
	made := &Made{Policy: defaultPolicy(), Anchors: c.anchors, Scopes: c.scopes, maker: m, edits: c}
	if made.Anchors == nil {
		made.Anchors = []string{"root"}
	}
	if c.policy != nil {
		c.policy(&made.Policy)
	}
	leaf := m.client
	if c.leaf != nil {
		leaf = c.leaf(m)
	}
	m.mustKnow(c.name, made.Anchors)
	if c.steps == nil {
		made.Steps = []Step{c.step(m, leaf)}
		return made
	}
	for i := range c.steps {
		next, holder := &c.steps[i], leaf
		if next.leaf != nil {
			holder = next.leaf(m)
		}
		step := next.step(m, holder)
		step.Anchors, step.View = next.anchors, next.view
		m.mustKnow(c.name, next.anchors)
		made.Steps = append(made.Steps, step)
	}
	return made
}

func (m *Maker) mustKnow(name string, anchors []string) {
	for _, anchor := range anchors {
		if m.anchorOf(anchor) == nil {
			panic("case " + name + " trusts " + anchor + ", which nothing has made")
		}
	}
}

func (c *Case) step(m *Maker, leaf *testca.Party) Step {
	s := Step{Comment: c.comment, Now: testca.Now.Add(c.at), Want: c.want, Leaf: leaf}
	s.Staples, s.Token = c.token(m, leaf)
	if c.peer != nil {
		s.Peer = c.peer(m).Cert
	}
	if c.want != "" {
		return s
	}
	s.Issuer, s.Identity, s.Anchor, s.FreshUntil = c.issuer, c.identity, c.anchor, testca.Now.Add(lifetime)
	if s.Issuer == "" {
		s.Issuer = clientURI
	}
	if s.Identity == "" {
		s.Identity = clientURI
	}
	if c.freshUntil != nil {
		s.FreshUntil = testca.Now.Add(*c.freshUntil)
	}
	return s
}

func (c *Case) token(m *Maker, leaf *testca.Party) (staples [][]byte, raw string) {
	staples = [][]byte{}
	if c.staples != nil {
		staples = c.staples(m, leaf)
	} else if leaf.Issuer != nil {
		staples = append(staples, m.staple(leaf))
	}
	t := testca.NewToken(leaf, staples...)
	honest := ""
	if c.mix != nil {
		honest = m.compact(t)
	}
	if c.edit != nil {
		c.edit(m, t)
	}
	if c.sign != nil {
		raw = m.join(t.Header.Bytes(), t.Claims.Bytes(), func(input []byte) []byte { return c.sign(m, t, input) })
	} else {
		raw = m.compact(t)
	}
	if c.after != nil {
		raw = c.after(m, raw)
	}
	if c.mix != nil {
		raw = c.mix(m, raw, honest)
	}
	return staples, raw
}

// Trust returns anchors, by name, for certs.NewScopedAnchors.
func (made *Made) Trust(names ...string) []certs.AnchorConfig {
	var list []certs.AnchorConfig
	for _, name := range names {
		list = append(list, certs.AnchorConfig{Certificates: []*x509.Certificate{made.Certificate(name)}, Scope: made.Scopes[name]})
	}
	return list
}

// Certificate returns the certificate of an anchor.
func (made *Made) Certificate(name string) *x509.Certificate { return made.maker.anchorOf(name).Cert }

// Staple returns the staple of a case that is only about the leaf's staple, so
// that it can be checked without the token.
func (made *Made) Staple() (subject, issuer *x509.Certificate, der []byte, ok bool) {
	c, s := made.edits, &made.Steps[0]
	about := slices.ContainsFunc(c.Rules(), func(rule string) bool { return !aboutOneStaple(rule) })
	if about || len(made.Steps) > 1 || len(s.Staples) != 1 || made.Policy.Staples != "leaf" ||
		c.edit != nil || c.sign != nil || c.after != nil || s.Leaf.Issuer == nil {
		return nil, nil, nil, false
	}
	return s.Leaf.Cert, s.Leaf.Issuer.Cert, s.Staples[0], true
}

// aboutOneStaple reports whether a rule is about a single staple.
func aboutOneStaple(rule string) bool {
	return slices.Contains([]string{"6.3", "6.4", "6.5", "6.6", "6.7", "6.8", "6.9", "6.11", "6.12", "6.13", "6.14"}, rule)
}

// Pair is two valid tokens with the same header.
type Pair struct{ Honest, Another string }

// Honest yields tokens that a verifier with the case's policy may accept at
// testca.Now. The ones most like the forgery come first: with its leaf and
// staples, and so with its header, unless the forgery changes that; then usual
// ones.
func (made *Made) Honest() iter.Seq[Pair] {
	m := made.maker
	return func(yield func(Pair) bool) {
		for _, s := range made.Steps {
			if s.Leaf.Key != nil && !yield(made.pair(s.Leaf, s.Staples)) {
				return
			}
		}
		for _, leaf := range []*testca.Party{m.client, m.short, m.other} {
			if !yield(made.usual(leaf)) {
				return
			}
		}
		for _, name := range made.Anchors {
			anchor := m.anchorOf(name)
			for _, leaf := range []*testca.Party{
				m.newLeaf(anchor, made.fits),
				m.newLeaf(anchor, made.fits, func(t *testca.Template) { t.DNSNames = nil }),
				m.newLeaf(anchor, made.fits, inScope(made.Scopes[name])),
			} {
				if !yield(made.usual(leaf)) {
					return
				}
			}
		}
	}
}

// fits makes a certificate fit the policy.
func (made *Made) fits(t *testca.Template) {
	if made.Policy.KeyUsage == "serverAuth" {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if len(made.Policy.Algorithms) > 0 {
		t.Kind = kindOf[made.Policy.Algorithms[0]]
	}
}

// inScope gives a leaf the first name of a scope, and no other.
func inScope(scope []string) testca.Edit {
	return func(t *testca.Template) {
		if len(scope) == 0 {
			return
		}
		t.URIs, t.DNSNames = nil, []string{scope[0]}
		if below, ok := strings.CutPrefix(scope[0], "."); ok {
			t.DNSNames = []string{"name." + below}
		}
		if uri, err := url.Parse(scope[0]); err == nil && uri.Host != "" {
			t.URIs, t.DNSNames = []*url.URL{uri}, nil
		}
	}
}

var kindOf = map[string]testca.Kind{"ES256": testca.P256, "ES384": testca.P384, "ES512": testca.P521, "EdDSA": testca.Ed25519}

// usual makes a token of a leaf with the staples that the policy requires.
func (made *Made) usual(leaf *testca.Party) Pair {
	var staples [][]byte
	for p := leaf; p.Issuer != nil && (p == leaf || made.Policy.Staples == "chain"); p = p.Issuer {
		staples = append(staples, made.maker.staple(p))
	}
	return made.pair(leaf, staples)
}

func (made *Made) pair(leaf *testca.Party, staples [][]byte) Pair {
	t := testca.NewToken(leaf, staples...)
	if made.Policy.Type != stapled.Type {
		t.Header.Set("typ", made.Policy.Type)
	}
	t.Claims.Set("aud", made.Policy.Audience)
	for _, iss := range made.Policy.Issuers {
		if iss == clientURI || iss == clientDNS || iss == "https://"+clientDNS {
			t.Claims.Set("iss", iss)
		}
	}
	if len(made.Scopes) > 0 { // the usual iss may be out of scope
		t.Claims.Set("iss", made.nameInScope(leaf))
	}
	pair := Pair{Honest: made.maker.compact(t)}
	t.Claims.Set("jti", "honest and another")
	pair.Another = made.maker.compact(t)
	return pair
}

// nameInScope returns the first name of a leaf that the scopes cover, for an
// honest token.
func (made *Made) nameInScope(leaf *testca.Party) string {
	for name, scope := range made.Scopes {
		anchors, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: []*x509.Certificate{made.Certificate(name)}, Scope: scope})
		if err != nil {
			panic(err)
		}
		names, err := san.Of(leaf.Cert)
		if err != nil {
			panic(err)
		}
		if identity := names.Within(anchors.All()[0]).Identity(); identity != "" {
			return identity
		}
	}
	return clientURI
}
