// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// judgment is what verifiers make of an answer. The zero value is none.
type judgment struct {
	// staple is the authentic answer; nil if it is not.
	staple *ocspstaple.Staple
	// err says why verifiers refuse it as a staple.
	err error
}

// judge decides as a stapler and a verifier do, with the age that is configured.
func (e *examination) judge(der []byte, subject *x509.Certificate) judgment {
	staple, err := ocspstaple.Slim(der, subject, e.issuer(), e.now(), 0)
	if err != nil {
		return judgment{err: err}
	}
	return judgment{staple: staple, err: staple.Check(e.now(), ocspstaple.Freshness{MaxAge: e.cfg.MaxStapleAge})}
}

// accepted reports whether there is an answer, and verifiers accept it.
func (a *answer) accepted() bool { return a != nil && a.staple != nil && a.err == nil }

// judgeAnswer says what is wrong with the answer, and whether it makes a staple.
func (e *examination) judgeAnswer() {
	if e.answer.sha1 {
		e.report.add("responder.hash", Warn, "it knows the CA by SHA-1 only: each new process asks it twice",
			advise("have it accept CertIDs by SHA-256 (RFC 9919), or tell each service:", "stapled token --ocsp-hash sha1 ..."))
	} else {
		e.report.add("responder.hash", OK, "it knows the CA by SHA-256")
	}
	e.judgeStatus()
	e.judgeSigner()
	e.judgeDelegate()
	if e.answer.view.ThisUpdate != nil {
		e.judgeAge()
	}
	e.judgeStaple()
}

// judgeStatus looks at what the answer says.
func (e *examination) judgeStatus() {
	const name = "responder.status"
	v := e.answer.view
	ask := "stapled ocsp query --cert chain.pem"
	switch {
	case v.Status == "unreadable":
		e.report.add(name, Missing, "the answer cannot be read", advise("look at the answer, and at the responder:", ask))
	case e.cfg.Leaf == nil && v.Status == ocspwire.Good.String():
		e.report.add(name, OK, "good about a serial number that nobody has issued, as RFC 6960 §2.2 permits: it knows what is revoked, not what was issued, as with a CRL. "+
			"A certificate that the CA has no record of then counts as good"+e.otherSources())
	case e.cfg.Leaf == nil:
		e.report.add(name, OK, v.Status+" about a serial number that nobody has issued")
	case v.Status == ocspwire.Good.String():
		e.report.add(name, OK, "good: "+v.Meaning)
	case v.Status == ocspwire.Revoked.String():
		e.report.add(name, Missing, "revoked: "+v.Meaning, advise("enroll a new certificate:", "step ca certificate NAME cert.pem key.pem"))
	default:
		e.report.add(name, Missing, "unknown: "+v.Meaning, advise("has this CA issued the certificate, and does the responder read its newest records?", ask))
	}
}

// otherSources names the sources of `stapled ocsp serve` that know what was issued
// and fit the database of the CA.
func (e *examination) otherSources() string {
	switch d := e.directory; {
	case d == nil:
		return "; the sources stepdb (PostgreSQL or MySQL of step-ca) and index (OpenSSL) know what was issued"
	case d.config.serverDatabase():
		return "; the source stepdb knows what was issued"
	}
	return ""
}

// judgeSigner says who signed, and whether the signer was entitled to.
func (e *examination) judgeSigner() {
	const name = "responder.signer"
	signer := e.answer.view.Signer
	if signer == nil {
		return
	}
	if signer.Entitled {
		e.report.add(name, OK, signedBy(signer))
		return
	}
	for _, r := range signer.Requirements {
		if r.OK {
			continue
		}
		advice := r.Advice
		if advice == "" {
			advice = "have the CA sign, or a delegate of it"
		}
		advices := []Advice{advise(advice)}
		if signer.Kind == ocspview.ByDelegate {
			advices = append(advices, advise("the template of a provisioner for delegates:", delegateTemplate...))
		}
		e.report.add(name, Missing, fmt.Sprintf("%s is not entitled, %s (rule %s): %s", signedBy(signer), r.Name, r.Rule, r.Detail), advices...)
		return
	}
}

func signedBy(s *ocspview.Signer) string {
	switch s.Kind {
	case ocspview.ByIssuer:
		return "the CA itself, " + s.Subject
	case ocspview.ByDelegate:
		return "a delegate, " + s.Subject
	}
	return "an unknown signer"
}

// delegateTemplate is what rule 6.9 asks of a delegate.
var delegateTemplate = []string{
	"{",
	"\t\"subject\": {{ toJson .Subject }},",
	"\t\"keyUsage\": [\"digitalSignature\"],",
	"\t\"extKeyUsage\": [\"OCSPSigning\"],",
	"\t\"extensions\": [{\"id\": \"1.3.6.1.5.5.7.48.1.5\", \"value\": \"BQA=\"}]",
	"}",
}

// judgeDelegate says how long the delegate still has.
func (e *examination) judgeDelegate() {
	const name = "responder.delegate"
	if e.answer.staple == nil {
		return
	}
	c := e.answer.staple.Delegate()
	if c == nil {
		return
	}
	left, life := c.NotAfter.Sub(e.now()), c.NotAfter.Sub(c.NotBefore)
	text := "its certificate ends at " + timetext.Stamp(c.NotAfter)
	if left < life/3 {
		e.report.add(name, Warn, text+", and two thirds of its life are over",
			advise("renew it, because once it has ended no answer counts; stapled ocsp serve does so itself, and by hand:",
				"stapled ocsp delegate --ca-url URL --root root_ca.crt --provisioner ocsp --cert ocsp.crt --key ocsp.key"))
		return
	}
	e.report.add(name, OK, text)
}

// judgeAge looks at thisUpdate and nextUpdate.
func (e *examination) judgeAge() {
	const name = "responder.age"
	v, limit := e.answer.view, e.cfg.MaxStapleAge
	age, limitText := v.At.Sub(*v.ThisUpdate).Round(time.Second), timetext.Duration(limit)
	rounded := v.ThisUpdate.Truncate(time.Hour).Equal(*v.ThisUpdate)
	larger := timetext.Duration(2 * limit)
	raise := advise("or raise the limit on both sides; a revoked certificate then lives as much longer:",
		"stapled token --max-staple-age "+larger+" ...", "stapled verify --max-staple-age "+larger+" ...")
	often := advise("have the responder sign anew more often, with the time at which it looked as thisUpdate; a CRL behind it needs a new list more often:", "openssl ocsp -port 8889 -nmin 10 ...", e.crlLine())
	switch {
	case v.NextUpdate == nil:
		e.report.add(name, Missing, "it has no nextUpdate, and verifiers refuse it",
			advise("have the responder set one:", "openssl ocsp -port 8889 -nmin 10 ...", "vault write pki/config/crl ocsp_expiry=10m"))
	case v.At.After(*v.NextUpdate):
		e.report.add(name, Missing, "it ended at "+timetext.Stamp(*v.NextUpdate),
			advise("the responder, or a cache in front of it, sends an old answer; compare the clocks, too"), often)
	case age > limit:
		e.report.add(name, Missing, fmt.Sprintf("it is %s old, and verifiers accept %s", timetext.Duration(age), limitText), often, raise)
	case rounded && v.ProducedAt != nil && !v.ProducedAt.Equal(*v.ThisUpdate):
		e.report.add(name, Warn, fmt.Sprintf("thisUpdate is rounded to the hour, as by cfssl: when an answer arrives, up to an hour of the %s that verifiers accept is gone", limitText),
			advise("have the responder write the time at which it looked"), raise)
	case e.left() < time.Minute:
		e.report.add(name, Warn, fmt.Sprintf("only %s are left when it arrives, too little for services to renew it in time", timetext.Duration(e.left().Round(time.Second))), often)
	case age > limit/2:
		e.report.add(name, Warn, fmt.Sprintf("it is %s old already, and verifiers accept %s: little is left for an outage", timetext.Duration(age), limitText), often, raise)
	default:
		e.report.add(name, OK, fmt.Sprintf("%s old, valid for %s, and verifiers accept %s", timetext.Duration(max(0, age)), timetext.Duration(v.NextUpdate.Sub(*v.ThisUpdate)), limitText))
	}
}

// left returns for how long verifiers still accept the answer, as to its times.
func (e *examination) left() time.Duration {
	v := e.answer.view
	return min(v.NextUpdate.Sub(v.At), v.ThisUpdate.Add(e.cfg.MaxStapleAge).Sub(v.At))
}

// judgeStaple says whether the answer makes a staple in the end.
func (e *examination) judgeStaple() {
	const name = "responder.staple"
	err := e.answer.err
	if e.cfg.Leaf == nil && errors.Is(err, stapled.StapleUnknown) {
		return // as it should
	}
	if err == nil {
		until := e.answer.staple.FreshUntil(ocspstaple.Freshness{MaxAge: e.cfg.MaxStapleAge})
		e.report.add(name, OK, "verifiers accept it until "+timetext.Stamp(until))
		return
	}
	text := shortError(err)
	if refused, ok := errors.AsType[*stapled.Error](err); ok {
		text = string(refused.Reason) + ": " + text
	}
	advice := e.answer.view.Advice
	if advice == "" {
		advice = "see the other checks of the responder"
	}
	e.report.add(name, Missing, text, advise(advice, "stapled ocsp query --cert chain.pem"))
}
