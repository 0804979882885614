// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
)

// vectorFile is the content of one file of vectors. testdata/vectors/README.md
// describes it for implementers in other languages.
type vectorFile struct {
	Title string   `json:"title"`
	Cases []vector `json:"cases"`
}

// vector is one case: a single step, or several that one verifier takes in
// order.
type vector struct {
	Name    string   `json:"name"`
	Rules   []string `json:"rules"`
	Comment string   `json:"comment,omitempty"`
	Anchors []string `json:"anchors"`
	// Scopes are the names for which some anchors may vouch, by anchor.
	Scopes map[string][]string `json:"scopes,omitempty"`
	Policy catalogue.Policy    `json:"policy"`
	*Step
	Steps []Step `json:"steps,omitempty"`
}

// Step is one token at one time. It is exported for encoding/json.
type Step struct {
	Comment string `json:"comment,omitempty"`
	// Replaced are the anchors from this step on, if they change.
	Replaced []string `json:"anchors_replaced,omitempty"`
	// View is for whom the verifier verifies this token, if not as in the policy.
	View *catalogue.View `json:"view,omitempty"`
	// Peer is the DER of the certificate of the connection, if it has one.
	Peer   []byte    `json:"peer,omitempty"`
	Now    time.Time `json:"now"`
	Result string    `json:"result"`
	// Reason is why the token is rejected.
	Reason stapled.Reason `json:"reason,omitempty"`
	// What an accepted token says.
	Issuer     string     `json:"issuer,omitempty"`
	Identity   string     `json:"identity,omitempty"`
	FreshUntil *time.Time `json:"fresh_until,omitempty"`
	Anchor     string     `json:"anchor,omitempty"`
	Token      string     `json:"token"`
}

const (
	accepted = "accepted"
	rejected = "rejected"
)

// newVector converts a case that has been made.
func newVector(c *catalogue.Case, made *catalogue.Made) vector {
	v := vector{Name: c.Name(), Rules: c.Rules(), Anchors: made.Anchors, Scopes: made.Scopes, Policy: made.Policy}
	for _, s := range made.Steps {
		step := Step{Comment: s.Comment, Now: s.Now, Result: rejected, Reason: s.Want, Token: s.Token, Replaced: s.Anchors, View: s.View}
		if s.Peer != nil {
			step.Peer = s.Peer.Raw
		}
		if s.Want == "" {
			step.Result, step.Issuer, step.Identity, step.FreshUntil = accepted, s.Issuer, s.Identity, &s.FreshUntil
			step.Anchor = s.Anchor
		}
		v.Steps = append(v.Steps, step)
	}
	v.Comment = c.Comment()
	if !c.Sequence() {
		v.Step, v.Steps = &v.Steps[0], nil
		v.Step.Comment = ""
	}
	return v
}

// encode writes one member per line, to keep diffs readable.
func (f vectorFile) encode() []byte {
	var b bytes.Buffer
	b.WriteString("{\n \"title\": " + inline(f.Title) + ",\n \"cases\": [")
	for i, v := range f.Cases {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  {")
		b.WriteString(strings.Join(v.lines(), ","))
		b.WriteString("\n  }")
	}
	b.WriteString("\n ]\n}\n")
	return b.Bytes()
}

func (v vector) lines() []string {
	const indent = "\n   "
	lines := []string{
		indent + `"name": ` + inline(v.Name),
		indent + `"rules": ` + inline(v.Rules),
	}
	if v.Comment != "" {
		lines = append(lines, indent+`"comment": `+inline(v.Comment))
	}
	lines = append(lines, indent+`"anchors": `+inline(v.Anchors))
	if len(v.Scopes) > 0 {
		lines = append(lines, indent+`"scopes": `+inline(v.Scopes))
	}
	lines = append(lines, indent+`"policy": `+inline(v.Policy))
	if v.Step != nil {
		return append(lines, v.Step.lines(indent)...)
	}
	var steps []string
	for _, s := range v.Steps {
		steps = append(steps, "\n    {"+strings.Join(s.lines("\n     "), ",")+"\n    }")
	}
	return append(lines, indent+`"steps": [`+strings.Join(steps, ",")+indent+"]")
}

func (s Step) lines(indent string) []string {
	var lines []string
	if s.Comment != "" {
		lines = append(lines, indent+`"comment": `+inline(s.Comment))
	}
	if s.Replaced != nil {
		lines = append(lines, indent+`"anchors_replaced": `+inline(s.Replaced))
	}
	if s.View != nil {
		lines = append(lines, indent+`"view": `+inline(s.View))
	}
	if s.Peer != nil {
		lines = append(lines, indent+`"peer": `+inline(s.Peer))
	}
	outcome := []string{`"result": ` + inline(s.Result)}
	if s.Reason != "" {
		outcome = append(outcome, `"reason": `+inline(s.Reason))
	}
	if s.FreshUntil != nil {
		outcome = append(outcome, `"issuer": `+inline(s.Issuer), `"identity": `+inline(s.Identity),
			`"fresh_until": `+inline(s.FreshUntil))
	}
	if s.Anchor != "" {
		outcome = append(outcome, `"anchor": `+inline(s.Anchor))
	}
	return append(lines,
		indent+`"now": `+inline(s.Now),
		indent+strings.Join(outcome, ", "),
		indent+`"token": `+inline(s.Token))
}

// inline returns JSON on one line.
func inline(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
