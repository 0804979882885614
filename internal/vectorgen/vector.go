// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
)

// vectorFile is the content of one file of vectors. testdata/vectors/README.md
// describes it for implementers in other languages.
type vectorFile struct {
	Title string   `json:"title"`
	Cases []vector `json:"cases"`
}

// vector is one case: a single step, or several that one verifier takes in
// their order.
type vector struct {
	Name    string   `json:"name"`
	Rules   []string `json:"rules"`
	Comment string   `json:"comment,omitempty"`
	Anchors []string `json:"anchors"`
	Policy  policy   `json:"policy"`
	*Step
	Steps []Step `json:"steps,omitempty"`
}

// policy is what the verifier is configured with.
type policy struct {
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

func defaultPolicy() policy {
	return policy{
		Audience: "orders", Type: "stapled+jwt", KeyUsage: "clientAuth", Staples: "leaf",
		MaxStapleAge: 3600, MaxLifetime: 3600, Leeway: 60,
	}
}

// Step is one token at one time. It is exported for encoding/json.
type Step struct {
	Comment string    `json:"comment,omitempty"`
	Now     time.Time `json:"now"`
	Result  string    `json:"result"`
	// Reason of a rejected token.
	Reason stapled.Reason `json:"reason,omitempty"`
	// What an accepted token says.
	Issuer     string     `json:"issuer,omitempty"`
	Identity   string     `json:"identity,omitempty"`
	FreshUntil *time.Time `json:"fresh_until,omitempty"`
	Token      string     `json:"token"`
}

const (
	accepted = "accepted"
	rejected = "rejected"
)

// encode writes one member a line, so that a change can be read.
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
	lines = append(lines,
		indent+`"anchors": `+inline(v.Anchors),
		indent+`"policy": `+inline(v.Policy))
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
	outcome := []string{`"result": ` + inline(s.Result)}
	if s.Reason != "" {
		outcome = append(outcome, `"reason": `+inline(s.Reason))
	}
	if s.FreshUntil != nil {
		outcome = append(outcome, `"issuer": `+inline(s.Issuer), `"identity": `+inline(s.Identity),
			`"fresh_until": `+inline(s.FreshUntil))
	}
	return append(lines,
		indent+`"now": `+inline(s.Now),
		indent+strings.Join(outcome, ", "),
		indent+`"token": `+inline(s.Token))
}

// inline is JSON on one line.
func inline(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
