// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package anatomy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// sheet is a page that knows the parts of a token.
type sheet struct{ terminal.Page }

// Text lays the anatomy out for a person. The moment is the word for At: "now",
// or "at" for a time given by the user.
func (a *Anatomy) Text(t terminal.Terminal, moment string) string {
	var b strings.Builder
	p := sheet{terminal.Page{Terminal: t, Out: &b}}
	for _, line := range terminal.Wrap("NOTHING HERE WAS VERIFIED: this is only what the token says. `stapled verify` decides.", t.Width) {
		b.WriteString(t.Paint(terminal.Yellow, line) + "\n")
	}

	p.Title("Header", fmt.Sprintf("token of %d bytes", a.Bytes))
	for _, member := range inOrder(a.Header, "alg", "typ", "kid") {
		value := text(a.Header[member])
		if member == "kid" && len(a.Chain) > 0 && value == a.Chain[0].KeyID {
			value += " = SHA-256 of x5c[0]"
		}
		p.Field(member, value)
	}
	p.Title("Chain", "leaf first, without the trust anchor")
	for i, c := range a.Chain {
		p.certificate(i, c)
	}
	p.Title("Staples", "OCSP responses for the chain")
	for i, s := range a.Staples {
		p.staple(i, s, a.At)
	}
	p.Title("Claims", "")
	p.claims(a.Claims, a.At)
	if len(a.Windows) > 0 {
		p.Title("Validity", "")
		p.Timeline(a.Windows, a.At, moment)
		p.defaultAge(a.Staples)
	}
	if len(a.Problems) > 0 {
		p.Title("Problems", "")
		for _, problem := range a.Problems {
			p.ColoredField("!", problem, terminal.Red)
		}
	}
	return b.String()
}

// defaultAge says when verifiers stop accepting staples that the picture shows
// as longer.
func (p sheet) defaultAge(staples []stapleView) {
	if len(staples) == 0 || staples[0].ThisUpdate == nil || staples[0].NextUpdate == nil {
		return
	}
	if until := staples[0].ThisUpdate.Add(stapled.DefaultMaxStapleAge); until.Before(*staples[0].NextUpdate) {
		p.Field("", "By default, verifiers accept a staple for "+timetext.Duration(stapled.DefaultMaxStapleAge)+" after its thisUpdate: until "+terminal.Stamp(until)+".")
	}
}

func (p sheet) certificate(i int, c certificateView) {
	p.Field(fmt.Sprintf("x5c[%d]", i), terminal.Subject(c.Subject))
	if c.KeyID == "" { // unreadable, as Problems says
		return
	}
	for _, name := range c.Names {
		p.Field("  name", name)
	}
	p.Serial("  serial", c.Serial)
	p.Field("  issuer", terminal.Subject(c.Issuer))
	p.Field("  valid", terminal.Stamp(c.NotBefore)+" to "+terminal.Stamp(c.NotAfter))
	key := c.Key + ", signed with " + c.Signature
	if c.CA {
		key += ", CA"
	}
	p.Field("  key", key)
}

func (p sheet) staple(i int, s stapleView, now time.Time) {
	sgr := terminal.Red
	if s.Status == "good" {
		sgr = terminal.Green
	}
	status := s.Status
	if s.For != "" {
		status += ", for " + s.For
	}
	p.ColoredField(fmt.Sprintf("ocsp[%d]", i), status, sgr)
	if s.RevokedAt != nil {
		p.Field("  revoked", terminal.Stamp(*s.RevokedAt)+", "+s.Reason)
	}
	if s.Serial != "" {
		p.Serial("  serial", s.Serial)
	}
	if s.ThisUpdate != nil {
		p.Field("  thisUpdate", terminal.Stamp(*s.ThisUpdate)+", "+terminal.Ago(*s.ThisUpdate, now))
	}
	if s.NextUpdate != nil {
		p.Field("  nextUpdate", terminal.Stamp(*s.NextUpdate)+", "+terminal.Ago(*s.NextUpdate, now))
	} else if s.ThisUpdate != nil {
		p.ColoredField("  nextUpdate", "absent", terminal.Red)
	}
	if s.Signer != "" {
		p.Field("  signer", s.Signer)
	}
}

// timeClaims are the claims that are times, with words for them.
var timeClaims = map[string][2]string{
	"iat": {"issued", "issued"}, "nbf": {"starts", "started"}, "exp": {"expires", "expired"},
}

// PrintClaims shows the members of the payload on a page.
func PrintClaims(p terminal.Page, raw json.RawMessage, now time.Time) { sheet{p}.claims(raw, now) }

// claims shows the members of the payload, and what their numbers mean.
func (p sheet) claims(raw json.RawMessage, now time.Time) {
	var object map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &object) != nil {
		return // listed in Problems
	}
	for _, name := range inOrder(object, "iss", "sub", "aud", "iat", "nbf", "exp", "jti", "cnf") {
		value := text(object[name])
		if name == "cnf" {
			value += " = " + boundTo(object[name])
		}
		if words, isTime := timeClaims[name]; isTime {
			if at, ok := NumericDate(object[name]); ok {
				value += " = " + terminal.Stamp(at) + ", " + terminal.Distance(at, now, words[0], words[1])
			}
		}
		p.Field(name, value)
	}
}

// boundTo says what a cnf claim means (rule 7.9 of docs/format.md).
func boundTo(cnf json.RawMessage) string {
	if _, err := strictjson.ParseConfirmation(string(cnf)); err != nil {
		return "rejected by every verifier: " + err.Error()
	}
	return "accepted only from the TLS client whose certificate has this SHA-256 digest"
}

// inOrder lists the members of an object: the well-known ones first, in
// their usual order.
func inOrder(object map[string]json.RawMessage, first ...string) []string {
	var names, others []string
	for _, name := range first {
		if _, ok := object[name]; ok {
			names = append(names, name)
		}
	}
	for name := range object {
		if !slices.Contains(first, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append(names, others...)
}

// text returns a JSON value for a person: a string without its quotes, unless
// it could then be taken for something else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || json.Valid([]byte(s)) || s != strings.TrimSpace(s) || s == "" {
		return string(raw)
	}
	return s
}
