// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

func newInspectCommand(a *app) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "inspect [TOKEN|-]",
		Short: "Show what a token says, verifying nothing",
		Long: `Show the anatomy of a token: header, certificates, staples and claims, and a
time line of its validity windows around now. The token is the argument, or
stdin for "-" or no argument; "Bearer " before it, and the JSON of
"stapled token --json" around it, are taken off.

Nothing is verified, not even the signature: everything shown is only what the
token says. Use "stapled verify" to decide.

--at takes RFC 3339, such as 2026-01-31T12:00:00Z, also with a space in place of
the T, as times are printed here; or a distance from now, such as +11m or -1h.`,
		Example: `  stapled token --dir ./stack --audience echo | stapled inspect`,
		Args:    oneToken,
		RunE: func(cmd *cobra.Command, args []string) error {
			clock, err := parseTime(at)
			if err != nil {
				return err
			}
			raw, err := a.readToken(cmd, args)
			if err != nil {
				return err
			}
			anatomy, err := dissect(raw, clock())
			if err != nil {
				return err
			}
			if at != "" {
				anatomy.moment = "at"
			}
			if a.json {
				return a.printJSON(anatomy)
			}
			return a.print(anatomy.text(terminalOf(a.stdout)))
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "draw the time line as of this `TIME` (default now)")
	return cmd
}

// text lays the anatomy out for a person.
func (a *anatomy) text(t terminal) string {
	var b strings.Builder
	p := page{terminal: t, out: &b}
	for _, line := range wrap("NOTHING HERE WAS VERIFIED: this is only what the token says. `stapled verify` decides.", t.width) {
		b.WriteString(t.paint(yellow, line) + "\n")
	}

	p.title("Header", fmt.Sprintf("token of %d bytes", a.Bytes))
	for _, member := range inOrder(a.Header, "alg", "typ", "kid") {
		value := text(a.Header[member])
		if member == "kid" && len(a.Chain) > 0 && value == a.Chain[0].KeyID {
			value += " = SHA-256 of x5c[0]"
		}
		p.field(member, value)
	}
	p.title("Chain", "leaf first, without the trust anchor")
	for i, c := range a.Chain {
		p.certificate(i, c)
	}
	p.title("Staples", "OCSP responses for the chain")
	for i, s := range a.Staples {
		p.staple(i, s, a.At)
	}
	p.title("Claims", "")
	p.claims(a.Claims, a.At)
	if len(a.Windows) > 0 {
		p.title("Validity", "")
		p.drawTimeline(a.Windows, a.At, a.moment)
		p.defaultAge(a.Staples)
	}
	if len(a.Problems) > 0 {
		p.title("Problems", "")
		for _, problem := range a.Problems {
			p.colouredField("!", problem, red)
		}
	}
	return b.String()
}

// defaultAge says when verifiers end what the picture shows as longer.
func (p page) defaultAge(staples []stapleView) {
	if len(staples) == 0 || staples[0].ThisUpdate == nil || staples[0].NextUpdate == nil {
		return
	}
	if until := staples[0].ThisUpdate.Add(stapled.DefaultMaxStapleAge); until.Before(*staples[0].NextUpdate) {
		p.field("", "By default, verifiers take a staple for "+timetext.Duration(stapled.DefaultMaxStapleAge)+" after its thisUpdate: until "+stamp(until)+".")
	}
}

func (p page) certificate(i int, c certificateView) {
	p.field(fmt.Sprintf("x5c[%d]", i), subject(c.Subject))
	if c.KeyID == "" { // unreadable, as Problems says
		return
	}
	for _, name := range c.Names {
		p.field("  name", name)
	}
	p.serial("  serial", c.Serial)
	p.field("  issuer", subject(c.Issuer))
	p.field("  valid", stamp(c.NotBefore)+" to "+stamp(c.NotAfter))
	key := c.Key + ", signed with " + c.Signature
	if c.CA {
		key += ", CA"
	}
	p.field("  key", key)
}

// subject is a name that may be empty (RFC 5280 §4.1.2.6).
func subject(name string) string {
	if name == "" {
		return "(no subject)"
	}
	return name
}

func (p page) staple(i int, s stapleView, now time.Time) {
	sgr := red
	if s.Status == "good" {
		sgr = green
	}
	status := s.Status
	if s.For != "" {
		status += ", for " + s.For
	}
	p.colouredField(fmt.Sprintf("ocsp[%d]", i), status, sgr)
	if s.RevokedAt != nil {
		p.field("  revoked", stamp(*s.RevokedAt)+", "+s.Reason)
	}
	if s.Serial != "" {
		p.serial("  serial", s.Serial)
	}
	if s.ThisUpdate != nil {
		p.field("  thisUpdate", stamp(*s.ThisUpdate)+", "+ago(*s.ThisUpdate, now))
	}
	if s.NextUpdate != nil {
		p.field("  nextUpdate", stamp(*s.NextUpdate)+", "+ago(*s.NextUpdate, now))
	} else if s.ThisUpdate != nil {
		p.colouredField("  nextUpdate", "absent", red)
	}
	if s.Signer != "" {
		p.field("  signer", s.Signer)
	}
}

// timeClaims are the claims that are times, and how to speak of them.
var timeClaims = map[string][2]string{
	"iat": {"issued", "issued"}, "nbf": {"starts", "started"}, "exp": {"expires", "expired"},
}

// claims shows the members of the payload, and what their numbers mean.
func (p page) claims(raw json.RawMessage, now time.Time) {
	var object map[string]json.RawMessage
	if raw == nil || json.Unmarshal(raw, &object) != nil {
		return // Problems says so
	}
	for _, name := range inOrder(object, "iss", "sub", "aud", "iat", "nbf", "exp", "jti") {
		value := text(object[name])
		if words, isTime := timeClaims[name]; isTime {
			if at, ok := numericDate(object[name]); ok {
				value += " = " + stamp(at) + ", " + distance(at, now, words[0], words[1])
			}
		}
		p.field(name, value)
	}
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

// text is a JSON value for a person: a string without its quotes, unless it
// could be taken for something else then.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil || json.Valid([]byte(s)) || s != strings.TrimSpace(s) || s == "" {
		return string(raw)
	}
	return s
}
