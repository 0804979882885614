// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package catalogue is the one list of forgeries, and of tokens that must be
// accepted: for each case, the rules of docs/format.md that it covers, how its
// token is made, and what a verifier must return. It does not ask the verifier.
//
// The tests of packages verifier and ocspstaple run every case, package
// vectorgen writes them as the vectors in testdata/vectors, and package
// mutation selects them by their rules. CONTRIBUTING.md shows how to add one.
package catalogue

import (
	"regexp"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Case defines how a token is made and what a verifier must return for it. The
// zero value of every field but name and rules gives a token without a fault.
type Case struct {
	// row names the kind of forgery, S01 and on for staples and T01 and on for
	// tokens; by default it is the row of the first rule. Cases that must be
	// accepted have none.
	row     string
	name    string
	rules   string // separated by spaces
	comment string
	// want is the reason; empty if the token is accepted.
	want stapled.Reason

	// anchors are the names of the certificates that the verifier trusts; default
	// root. In a step they replace those before it.
	anchors []string
	// scopes limits the names for which an anchor may vouch; default all names.
	scopes map[string][]string
	policy func(*Policy)
	// view is the view to which a step gives its token; default the verifier
	// itself.
	view *View
	// peer is the certificate of the connection; default none.
	peer func(*Maker) *testca.Party
	// at is the time of verification, relative to testca.Now.
	at time.Duration

	// leaf makes the leaf; default the usual client. Steps use the leaf of their
	// case unless they set their own.
	leaf func(*Maker) *testca.Party
	// staples makes the staples; default a good one for the leaf.
	staples func(*Maker, *testca.Party) [][]byte
	edit    edit
	// sign replaces the signature.
	sign func(m *Maker, t *testca.Token, input []byte) []byte
	// after edits the token after signing. mix may take parts from a valid token
	// with the same leaf and staples.
	after func(m *Maker, raw string) string
	mix   func(m *Maker, raw, honest string) string

	// The result for an accepted token; default the usual client's.
	issuer, identity string
	// anchor is one that vouches for the token; checked if it is set.
	anchor string
	// freshUntil is relative to testca.Now; default the end of the usual token.
	freshUntil *time.Duration

	// unpublished keeps a case out of the vectors, which include a similar one.
	unpublished bool

	steps []Case
}

// edit changes a token before signing.
type edit = func(*Maker, *testca.Token)

const (
	clientURI = "spiffe://test.example/client"
	clientDNS = "client.test.example"
	lifetime  = 5 * time.Minute
)

// Name returns the name of the case in the vectors.
func (c *Case) Name() string { return unsafeName.ReplaceAllString(c.name, "_") }

// unsafeName matches what a file name or a test name must not contain.
var unsafeName = regexp.MustCompile(`[^A-Za-z0-9+.-]+`)

// Test returns the name of the case as a test: the row comes first.
func (c *Case) Test() string {
	if row := c.Row(); row != "" {
		return row + "_" + c.Name()
	}
	return c.Name()
}

// Comment returns the comment for readers of the vectors.
func (c *Case) Comment() string { return c.comment }

// Sequence reports whether the case has steps.
func (c *Case) Sequence() bool { return c.steps != nil }

// Row returns the kind of forgery; empty if the token must be accepted.
func (c *Case) Row() string {
	switch {
	case !c.Rejected():
		return ""
	case c.row != "":
		return c.row
	}
	return rowOf[c.Rules()[0]]
}

// rowOf maps a rule to the row of cases that name none.
var rowOf = map[string]string{
	"1.1": "T09", "1.2": "T09", "1.3": "T09", "1.4": "T08", "1.5": "T04", "1.6": "T04",
	"2.1": "T10", "2.2": "T01", "2.3": "T04", "2.4": "T07",
	"3.1": "T04", "3.2": "T04", "3.3": "T04", "3.4": "T05", "3.5": "T05", "3.6": "T02", "3.7": "T06",
	"4.1": "T05", "4.2": "T05", "4.3": "T05", "4.4": "T05", "5.1": "T02", "5.2": "T05",
	"6.1": "T03", "6.2": "S30", "6.3": "S23", "6.4": "S22", "6.5": "S16", "6.6": "S11", "6.7": "S21", "6.8": "S15",
	"6.9": "S08", "6.10": "S32", "6.11": "S26", "6.12": "S18", "6.13": "S17", "6.14": "S19",
	"7.1": "T08", "7.2": "T14", "7.3": "T12", "7.4": "T13", "7.5": "T14", "7.6": "T14", "7.7": "T14", "7.8": "T14", "7.9": "T29",
}

// Rules returns the rules of docs/format.md that the case covers.
func (c *Case) Rules() []string { return strings.Fields(c.rules) }

// Want returns the reason for which the token must be rejected; empty if it
// must be accepted or the case is a sequence.
func (c *Case) Want() stapled.Reason { return c.want }

// Rejected reports whether the token, or the token of a step, must be rejected.
func (c *Case) Rejected() bool {
	for i := range c.steps {
		if c.steps[i].want != "" {
			return true
		}
	}
	return c.want != ""
}

// Published reports whether the case is one of the published vectors.
func (c *Case) Published() bool { return !c.unpublished }

// View is another audience of the same verifier.
type View struct {
	Audience    string   `json:"audience"`
	Issuers     []string `json:"issuers,omitempty"`
	Type        string   `json:"type"`
	MaxLifetime int      `json:"max_lifetime_seconds"`
}

// Policy is the verifier's configuration for a case.
type Policy struct {
	Audience     string   `json:"audience"`
	Issuers      []string `json:"issuers,omitempty"`
	Type         string   `json:"type"`
	Algorithms   []string `json:"algorithms,omitempty"`
	KeyUsage     string   `json:"key_usage"`
	Staples      string   `json:"staples"`
	MaxStapleAge int      `json:"max_staple_age_seconds"`
	MaxLifetime  int      `json:"max_lifetime_seconds"`
	Leeway       int      `json:"leeway_seconds"`
}

func defaultPolicy() Policy {
	return Policy{
		Audience: "orders", Type: stapled.Type, KeyUsage: "clientAuth", Staples: "leaf",
		MaxStapleAge: 3600, MaxLifetime: 3600, Leeway: 60,
	}
}
