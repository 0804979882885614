// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"fmt"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// sheet is a page that knows the parts of a response.
type sheet struct{ terminal.Page }

// Text lays the view out for a person. The moment is the word for At: "now", or
// "at" for a time given by the user.
func (v *View) Text(t terminal.Terminal, moment string) string {
	var b strings.Builder
	p := sheet{terminal.Page{Terminal: t, Out: &b}}
	v.verdict(p)
	v.question(p)
	v.answer(p)
	v.certID(p)
	if v.Signer != nil {
		v.signer(p)
	}
	v.extras(p)
	if len(v.Windows) > 0 {
		p.Title("Validity", "")
		p.Timeline(v.Windows, v.At, moment)
	}
	if len(v.Problems) > 0 {
		p.Title("Problems", "")
		for _, problem := range v.Problems {
			p.ColoredField("!", problem, terminal.Red)
		}
	}
	return b.String()
}

// verdict writes the first lines, which say it all.
func (v *View) verdict(p sheet) {
	sgr := terminal.Red
	if v.Status == ocspwire.Good.String() {
		sgr = terminal.Green
	}
	p.Out.WriteString(p.Paint(sgr, v.Status) + "\n")
	if v.Meaning != "" {
		p.Field("meaning", v.Meaning)
	}
	if v.Acceptable {
		p.ColoredField("as a staple", "accepted by verifiers until "+terminal.Stamp(*v.FreshUntil)+", "+terminal.Distance(*v.FreshUntil, v.At, "ends", "ended"), terminal.Green)
	} else {
		p.ColoredField("as a staple", "refused by verifiers, "+string(v.Reason)+": "+v.Detail, terminal.Red)
	}
	if v.Advice != "" {
		p.Field("what to do", v.Advice)
	}
	if v.Nonce != nil && v.Nonce.Result == Different {
		p.ColoredField("nonce", v.Nonce.text(), terminal.Red)
	}
}

// question shows what was asked, and whom.
func (v *View) question(p sheet) {
	p.Title("Question", "")
	p.Field("certificate", terminal.Subject(v.Certificate.Subject))
	p.Field("issuer", terminal.Subject(v.Certificate.Issuer))
	p.Serial("serial", v.Certificate.Serial)
	if v.RequestHash != "" {
		p.Field("hash", v.RequestHash)
	}
	if v.Nonce != nil && v.Nonce.Sent != "" {
		p.Field("nonce", fmt.Sprintf("%d octets", len(v.Nonce.Sent)/2))
	}
	for _, a := range v.Asked {
		p.asked(a)
	}
}

func (p sheet) asked(a ocspclient.Attempt) {
	p.Field("asked", a.Method+" "+a.URL)
	for _, r := range a.Redirects {
		what := "not followed"
		if r.Followed {
			what = "followed"
		}
		p.Field("  redirect", fmt.Sprintf("%d to %s, %s", r.HTTPStatus, r.Location, what))
	}
	if a.Error != "" {
		p.ColoredField("  failed", a.Error, terminal.Red)
		return
	}
	p.Field("  answer", fmt.Sprintf("%s in %.0f ms", terminal.Count(a.Bytes, "byte"), a.Milliseconds))
}

// answer shows what the response says.
func (v *View) answer(p sheet) {
	remark := "OCSP status " + v.ResponseStatus
	if v.Answers > 1 {
		remark += fmt.Sprintf(", %d answers instead of 1", v.Answers)
	}
	p.Title("Response", remark)
	if v.RevokedAt != nil {
		p.Field("revoked", p.when(*v.RevokedAt, v.At))
		p.Field("reason", v.RevokedFor)
	}
	if v.ProducedAt != nil {
		p.Field("producedAt", p.when(*v.ProducedAt, v.At))
	}
	if v.ThisUpdate == nil {
		return
	}
	p.Field("thisUpdate", p.when(*v.ThisUpdate, v.At))
	if v.NextUpdate == nil {
		p.ColoredField("nextUpdate", "absent", terminal.Red)
	} else {
		p.Field("nextUpdate", p.when(*v.NextUpdate, v.At))
		p.Field("valid for", span(*v.ValiditySeconds))
	}
	p.Field("age", span(*v.AgeSeconds)+"; verifiers accept up to "+timetext.Duration(stapled.DefaultMaxStapleAge)+" by default")
}

// when writes a time as `stapled inspect` does.
func (p sheet) when(t, now time.Time) string {
	return terminal.Stamp(t) + ", " + terminal.Ago(t, now)
}

// span writes a number of seconds as a duration.
func span(seconds int64) string { return timetext.Duration(time.Duration(seconds) * time.Second) }

// certID shows what the response is about, part by part.
func (v *View) certID(p sheet) {
	id := v.CertID
	if id == nil {
		return
	}
	p.Title("CertID", "the certificate that the response is about")
	hash := id.Hash
	if !id.HashIsTheRequestHash && v.RequestHash != "" {
		hash += ", not the hash of the request"
	}
	p.Field("hash", hash)
	p.matches("issuer name", id.IssuerNameMatches, id.IssuerNameHash)
	p.matches("issuer key", id.IssuerKeyMatches, id.IssuerKeyHash)
	p.matches("serial", id.SerialMatches, id.SerialNumber)
}

func (p sheet) matches(label string, ok bool, value string) {
	if ok {
		p.ColoredField(label, "ok", terminal.Green)
		return
	}
	p.ColoredField(label, "another: "+value, terminal.Red)
}

// signer shows who signed, and each requirement on a line.
func (v *View) signer(p sheet) {
	s := v.Signer
	remark := "not entitled"
	if s.Entitled {
		remark = "entitled"
	}
	p.Title("Signer", remark+" (rules 6.7 to 6.9 of docs/format.md)")
	switch s.Kind {
	case ByIssuer:
		p.Field("signer", terminal.Subject(s.Subject)+", the issuer itself")
	case ByDelegate:
		p.Field("signer", terminal.Subject(s.Subject)+", by an embedded certificate")
	default:
		p.ColoredField("signer", "unknown", terminal.Red)
	}
	if v.Responder != nil {
		p.Field("responder", "by "+v.Responder.By+": "+v.Responder.Value)
	}
	for _, r := range s.Requirements {
		mark, sgr := "ok", terminal.Green
		if !r.OK {
			mark, sgr = "WRONG", terminal.Red
		}
		p.ColoredField(mark, r.Rule+" "+r.Name+": "+r.Detail, sgr)
	}
}

// extras shows extensions and embedded certificates.
func (v *View) extras(p sheet) {
	if len(v.Extensions) > 0 {
		p.Title("Extensions", "")
	}
	for _, ext := range v.Extensions {
		label, text := ext.Name, ext.ID
		if len(label) > terminal.LabelWidth-3 || label == "" {
			label, text = ext.In, strings.TrimSpace(ext.Name+" "+ext.ID)
		}
		if ext.Critical {
			text += ", critical"
		}
		if ext.Name == nonceName && v.Nonce != nil {
			text += ", " + v.Nonce.text()
		}
		p.Field(label, text)
		p.Field("", "value "+ext.Value)
	}
	if v.Nonce != nil && v.Nonce.Result == NotEchoed {
		if len(v.Extensions) == 0 {
			p.Title("Extensions", "")
		}
		p.Field(nonceName, v.Nonce.text())
	}
	if len(v.Certificates) > 0 {
		p.Title("Embedded certificates", "")
	}
	for i, c := range v.Certificates {
		p.Field(fmt.Sprintf("[%d]", i), terminal.Subject(c.Subject))
		p.Serial("  serial", c.Serial)
		p.Field("  issuer", terminal.Subject(c.Issuer))
		p.Field("  valid", terminal.Stamp(c.NotBefore)+" to "+terminal.Stamp(c.NotAfter))
		key := c.Key + ", signed with " + c.Signature
		if c.CA {
			key += ", CA"
		}
		p.Field("  key", key)
	}
}
