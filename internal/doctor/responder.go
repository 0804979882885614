// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// askResponder asks about the certificate as an issuer of tokens does: by
// SHA-256, and by SHA-1 if the responder does not know that.
func (e *examination) askResponder(ctx context.Context) {
	urls := e.responders()
	if len(urls) == 0 {
		return
	}
	answer, attempt, err := e.question(ctx, urls, crypto.SHA256)
	sha1 := false
	if e.wantsSHA1(answer, err) {
		if again, retried, err2 := e.question(ctx, urls, crypto.SHA1); err2 == nil && !unknown(again) {
			answer, attempt, err, sha1 = again, retried, nil, true
		}
	}
	if err != nil {
		e.explainSilence(err)
		return
	}
	e.view = answer.view
	e.report.add("responder.answers", OK, fmt.Sprintf("%s answers in %.0f ms", attempt.URL, attempt.Milliseconds))
	if sha1 {
		e.report.add("responder.hash", Warn, "it knows the CA by SHA-1 only: each new process asks it twice",
			advise("have it accept CertIDs by SHA-256 (RFC 9919), or tell each service:", "stapled token --ocsp-hash sha1 ..."))
	}
	if !attempt.Clock.IsZero() {
		e.judgeClock("responder.clock", "the responder's clock", attempt.Clock)
	} else {
		e.report.add("responder.clock", Unseen, "its answers have no Date")
	}
	e.judgeAnswer(answer.der)
}

// responders returns the URLs to ask.
func (e *examination) responders() []string {
	if e.cfg.Leaf == nil {
		return nil
	}
	if e.cfg.ResponderURL != "" {
		return []string{e.cfg.ResponderURL}
	}
	urls := e.cfg.Leaf.OCSPServer
	return urls[:min(len(urls), ocspclient.MaxResponders)]
}

// reply is an answer as received, and what it says.
type reply struct {
	der  []byte
	view *ocspview.View
}

func unknown(r *reply) bool { return r.view.Status == ocspwire.Unknown.String() }

// question asks each responder until one answers.
func (e *examination) question(ctx context.Context, urls []string, hash crypto.Hash) (*reply, ocspclient.Attempt, error) {
	request, err := ocspwire.Request(e.cfg.Leaf, e.cfg.Issuer, hash)
	if err != nil {
		return nil, ocspclient.Attempt{}, fmt.Errorf("make the request: %w", err)
	}
	var failures []error
	for _, url := range urls {
		var der []byte
		var attempts []ocspclient.Attempt
		var err error
		e.ask(ctx, "the responder "+url, func(ctx context.Context) {
			der, attempts, err = ocspclient.Client{Timeout: StepTimeout}.Ask(ctx, []string{url}, request)
		})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		view, err := ocspview.Dissect(der, ocspview.Question{Certificate: e.cfg.Leaf, Issuer: e.cfg.Issuer, Hash: hash, At: e.now(), Asked: attempts})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		return &reply{der, view}, attempts[len(attempts)-1], nil
	}
	return nil, ocspclient.Attempt{}, errors.Join(failures...)
}

// wantsSHA1 reports whether the answer is one that responders give which know
// SHA-1 only.
func (e *examination) wantsSHA1(r *reply, err error) bool {
	if said, ok := errors.AsType[*ocspclient.ErrorStatus](err); ok {
		return said.Status == ocspwire.Unauthorized || said.Status == ocspwire.MalformedRequest
	}
	return err == nil && unknown(r)
}

// explainSilence says why there is no answer. Only an answer from the responder
// itself is a finding: that it does not serve this CA, or wants signed requests.
func (e *examination) explainSilence(err error) {
	const name = "responder.answers"
	said, ok := errors.AsType[*ocspclient.ErrorStatus](err)
	switch {
	case ok && said.Status == ocspwire.Unauthorized:
		e.report.add(name, Missing, oneLine(err), advise("add this CA to the responder's configuration, or ask the one that serves it:", "stapled doctor --url "+exampleURL+" ..."))
	case ok && (said.Status == ocspwire.SigRequired || said.Status == ocspwire.MalformedRequest):
		e.report.add(name, Missing, oneLine(err), advise("have the responder take plain requests, as OCSP clients send them (RFC 9919 §3.1.1)"))
	default:
		e.report.add(name, Unanswered, oneLine(err), advise("ask it by hand, and look at its log:", "stapled ocsp query --cert chain.pem"))
	}
}

// judgeAnswer says whether the answer makes a staple, and for how long.
func (e *examination) judgeAnswer(der []byte) {
	v := e.view
	e.judgeStatus()
	e.judgeSigner()
	if v.ThisUpdate == nil {
		return
	}
	e.judgeAge()
	if !v.Acceptable {
		return
	}
	staple, err := ocspstaple.Slim(der, e.cfg.Leaf, e.cfg.Issuer, e.now(), 0)
	if err == nil {
		e.staple = staple.DER()
	}
}

// judgeStatus looks at what the answer says.
func (e *examination) judgeStatus() {
	const name = "responder.status"
	v := e.view
	switch v.Status {
	case ocspwire.Good.String():
		e.report.add(name, OK, "good: "+v.Meaning)
	case ocspwire.Revoked.String():
		e.report.add(name, Missing, "revoked: "+v.Meaning, advise("enroll a new certificate:", "step ca certificate NAME cert.pem key.pem"))
	case ocspwire.Unknown.String():
		e.report.add(name, Missing, "unknown: "+v.Meaning, advise("has this CA issued the certificate, and does the responder read its newest records?", "stapled ocsp query --cert chain.pem"))
	default:
		e.report.add(name, Missing, "the answer cannot be read", advise("look at the answer, and at the responder:", "stapled ocsp query --cert chain.pem"))
	}
}

// judgeSigner says who signed, and whether the signer was entitled to.
func (e *examination) judgeSigner() {
	const name = "responder.signer"
	signer := e.view.Signer
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
		if r.Rule == "6.9" {
			advices = append(advices, advise("a template of step-ca for the responder's certificate:", delegateTemplate...))
		}
		e.report.add(name, Missing, fmt.Sprintf("%s is not entitled, %s: %s", signedBy(signer), r.Name, r.Detail), advices...)
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

// judgeAge looks at thisUpdate and nextUpdate.
func (e *examination) judgeAge() {
	const name = "responder.age"
	v, limit := e.view, e.cfg.MaxStapleAge
	age := v.At.Sub(*v.ThisUpdate)
	limitText := timetext.Duration(limit)
	rounded := v.ThisUpdate.Truncate(time.Hour).Equal(*v.ThisUpdate)
	raise := advise("or raise the limit on both sides, which lets revoked certificates live as much longer:",
		"stapled token --max-staple-age 2h ...", "stapled verify --max-staple-age 2h ...")
	often := advise("have the responder sign anew more often, with thisUpdate as the time at which it looked; openssl ocsp does with:", "openssl ocsp -port 8889 -nmin 10 ...")
	switch {
	case v.NextUpdate == nil:
		e.report.add(name, Missing, "it has no nextUpdate, and verifiers refuse it", advise("have the responder set it: openssl ocsp with -nmin, Vault and OpenBao with ocsp_expiry:", "openssl ocsp -port 8889 -nmin 10 ...", "vault write pki/config/crl ocsp_expiry=10m"))
	case v.At.After(*v.NextUpdate):
		e.report.add(name, Missing, "it ended at "+timetext.Stamp(*v.NextUpdate), advise("the responder, or a cache before it, sends an old answer: have it signed anew before nextUpdate"), often)
	case age > limit:
		e.report.add(name, Missing, fmt.Sprintf("it is %s old, and verifiers accept %s", timetext.Duration(age.Round(time.Second)), limitText), often, raise)
	case rounded && v.ProducedAt != nil && !v.ProducedAt.Equal(*v.ThisUpdate):
		e.report.add(name, Warn, fmt.Sprintf("thisUpdate is rounded to the hour, as by cfssl, so up to an hour of the %s that verifiers accept is gone when the answer arrives", limitText),
			advise("have the responder not round"), raise)
	case age > limit/2:
		e.report.add(name, Warn, fmt.Sprintf("it is %s old already, and verifiers accept %s: little is left for an outage", timetext.Duration(age.Round(time.Second)), limitText), often, raise)
	default:
		e.report.add(name, OK, fmt.Sprintf("%s old, valid for %s, and verifiers accept %s", timetext.Duration(max(0, age.Round(time.Second))), timetext.Duration(v.NextUpdate.Sub(*v.ThisUpdate)), limitText))
	}
}
