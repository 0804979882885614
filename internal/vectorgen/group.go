// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

const anchorsFile = "anchors.json"

// group is the cases of one file.
type group struct {
	file, title string
	cases       []spec
}

// groups are all files of vectors.
func groups() []group {
	return []group{
		{"size_shape.json", "Step 1: size and shape", short(sizeShapeCases())},
		{"header.json", "Step 2: header", short(headerCases())},
		{"certificates.json", "Step 3: certificates and key", certificateCases()},
		{"chain.json", "Step 4: chain", chainCases()},
		{"signature.json", "Step 5: signature", signatureCases()},
		{"staples_content.json", "Step 6: what a staple says, and about whom (rules 6.1 to 6.6)", stapleContentCases()},
		{"staples_signer.json", "Step 6: who signed a staple (rules 6.7 to 6.9)", stapleSignerCases()},
		{"staples_status.json", "Step 6: status and freshness (rules 6.10 to 6.14)", stapleStatusCases()},
		{"claims.json", "Step 7: claims", short(claimCases())},
		{"time.json", "Times: the ends of every window, and sequences in which it closes", timeCases()},
		{"order.json", "Tokens with two faults: the first rule that fails gives the reason", orderCases()},
		{"accepted.json", "Tokens that must be accepted: every algorithm and variant", acceptedCases()},
	}
}

// spec says how a case is made and what a verifier must say of it. The zero
// value of every field but name and rules is for a token without a fault.
type spec struct {
	name    string
	rules   string // separated by spaces
	comment string
	// want is the reason; none if the token is accepted.
	want stapled.Reason

	anchors []string // default root
	policy  func(*policy)
	// at is the time of the verification, since testca.Now.
	at time.Duration

	// leaf makes the leaf; default the usual client. Steps have that of their
	// case, unless they say otherwise.
	leaf func(*maker) *testca.Party
	// staples makes the staples; default a good one for the leaf.
	staples func(*maker, *testca.Party) [][]byte
	edit    edit
	// sign replaces the signature.
	sign func(m *maker, t *testca.Token, input []byte) []byte
	// after edits the token once it is signed.
	after func(m *maker, raw string) string

	// What an accepted token says; the default is the usual client's.
	issuer, identity string
	// freshUntil is since testca.Now; default the end of the usual token.
	freshUntil *time.Duration

	steps []spec
}

// short gives cases that are not about certificates the shortest chain.
func short(cases []spec) []spec {
	for i := range cases {
		if cases[i].leaf == nil {
			cases[i].leaf = func(m *maker) *testca.Party { return m.short }
		}
	}
	return cases
}

// edit changes a token before it is signed.
type edit = func(*maker, *testca.Token)

func until(sinceNow time.Duration) *time.Duration { return &sinceNow }

const (
	clientURI = "spiffe://test.example/client"
	lifetime  = 5 * time.Minute
)

// unsafeName is what a name of a file or of a test does not have.
var unsafeName = regexp.MustCompile(`[^A-Za-z0-9+.-]+`)

func (g group) encode(m *maker) []byte {
	f := vectorFile{Title: g.title}
	for _, s := range g.cases {
		s.name = unsafeName.ReplaceAllString(s.name, "_")
		m.enter(s.name)
		f.Cases = append(f.Cases, s.vector(m))
	}
	return f.encode()
}

func (s *spec) vector(m *maker) vector {
	v := vector{
		Name: s.name, Rules: strings.Fields(s.rules), Comment: s.comment,
		Anchors: s.anchors, Policy: defaultPolicy(),
	}
	if v.Anchors == nil {
		v.Anchors = []string{"root"}
	}
	if s.policy != nil {
		s.policy(&v.Policy)
	}
	leaf := m.client
	if s.leaf != nil {
		leaf = s.leaf(m)
	}
	for _, name := range v.Anchors {
		if !m.hasAnchor(name) {
			panic("case " + s.name + " trusts " + name + ", which nothing has made")
		}
	}
	if s.steps == nil {
		v.Step = s.step(m, leaf)
		v.Step.Comment = ""
		return v
	}
	for _, next := range s.steps {
		holder := leaf
		if next.leaf != nil {
			holder = next.leaf(m)
		}
		v.Steps = append(v.Steps, *next.step(m, holder))
	}
	return v
}

func (s *spec) step(m *maker, leaf *testca.Party) *Step {
	result := &Step{Comment: s.comment, Now: testca.Now.Add(s.at), Token: s.token(m, leaf)}
	if s.want != "" {
		result.Result, result.Reason = rejected, s.want
		return result
	}
	result.Result, result.Issuer, result.Identity = accepted, s.issuer, s.identity
	if s.issuer == "" {
		result.Issuer = clientURI
	}
	if s.identity == "" {
		result.Identity = clientURI
	}
	freshUntil := testca.Now.Add(lifetime)
	if s.freshUntil != nil {
		freshUntil = testca.Now.Add(*s.freshUntil)
	}
	result.FreshUntil = &freshUntil
	return result
}

func (s *spec) token(m *maker, leaf *testca.Party) string {
	staples := [][]byte{}
	if s.staples == nil {
		if leaf.Issuer != nil {
			staples = append(staples, m.staple(leaf))
		}
	} else {
		staples = s.staples(m, leaf)
	}
	t := testca.NewToken(leaf, staples...)
	if s.edit != nil {
		s.edit(m, t)
	}
	raw := ""
	if s.sign != nil {
		raw = m.join(t.Header.Bytes(), t.Claims.Bytes(), func(input []byte) []byte { return s.sign(m, t, input) })
	} else {
		raw = m.compact(t)
	}
	if s.after != nil {
		raw = s.after(m, raw)
	}
	return raw
}
