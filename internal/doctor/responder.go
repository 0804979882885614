// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// askResponder asks about the certificate as an issuer of tokens does: by
// SHA-256, and by SHA-1 if the responder does not know that. Without a
// certificate it asks about a serial number that nobody has issued: the answer
// shows the responder, too.
func (e *examination) askResponder(ctx context.Context) {
	subject, urls := e.subject()
	if len(urls) == 0 {
		return
	}
	got, err := e.question(ctx, subject, urls, crypto.SHA256)
	if wantsSHA1(got, err) {
		if again, retryErr := e.question(ctx, subject, urls, crypto.SHA1); retryErr == nil && (err != nil || again.known()) {
			got, err = again, nil
			got.sha1 = true
		}
	}
	if err != nil {
		e.explainSilence(err)
		return
	}
	e.answer = got
	for _, failed := range got.failed {
		e.report.addAbout("responder.answers", failed.URL, Warn, failed.Error, advise("another responder of the certificate answers; repair this one, or leave it out of the template:", command("stapled ocsp query --cert chain.pem --url", failed.URL)))
	}
	e.report.add("responder.answers", OK, fmt.Sprintf("%s answers in %.0f ms", got.attempt.URL, got.attempt.Milliseconds))
	if got.attempt.Clock.IsZero() {
		e.report.add("responder.clock", Unseen, "its answers have no Date")
	} else {
		e.judgeClock("responder.clock", "the responder's clock", got.attempt.Clock)
	}
	e.judgeAnswer()
}

// answer is the answer of a responder.
type answer struct {
	judgment
	attempt ocspclient.Attempt
	// failed are the responders that were asked before.
	failed []ocspclient.Attempt
	der    []byte
	view   *ocspview.View
	// sha1 reports whether the responder knows the CA by SHA-1 only.
	sha1 bool
}

// known reports whether the responder knows the serial number.
func (a *answer) known() bool { return a.view.Status != ocspwire.Unknown.String() }

// subject returns the certificate to ask about, and whom to ask.
func (e *examination) subject() (*x509.Certificate, []string) {
	var urls []string
	c := e.cfg.Leaf
	switch {
	case c != nil:
		urls = c.OCSPServer
	case e.issuing == nil:
		return nil, nil
	default:
		c, urls = e.neverIssued(), e.responders
	}
	if e.cfg.ResponderURL != "" {
		urls = []string{e.cfg.ResponderURL}
	}
	var usable []string
	for _, url := range urls {
		if ocspclient.CheckURL(url) == nil && !slices.Contains(usable, url) {
			usable = append(usable, url)
		}
	}
	return c, usable[:min(len(usable), ocspclient.MaxResponders)]
}

// neverIssued returns a certificate with a serial number that nobody has issued.
func (e *examination) neverIssued() *x509.Certificate {
	var serial [16]byte
	_, _ = rand.Read(serial[:]) // it never fails
	serial[0] = 0x5a            // positive, and of this length
	return &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial[:]), RawIssuer: e.issuing.RawSubject}
}

// issuer returns the certificate of the CA that answers are about.
func (e *examination) issuer() *x509.Certificate {
	if e.cfg.Leaf != nil {
		return e.cfg.Issuer
	}
	return e.issuing
}

// question asks each responder until one answers.
func (e *examination) question(ctx context.Context, subject *x509.Certificate, urls []string, hash crypto.Hash) (*answer, error) {
	request, err := ocspwire.Request(subject, e.issuer(), hash)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	var failures []error
	var failed []ocspclient.Attempt
	for _, url := range urls {
		var der []byte
		var attempts []ocspclient.Attempt
		var err error
		e.ask(ctx, "the responder "+url, func(ctx context.Context) {
			der, attempts, err = ocspclient.Client{Timeout: StepTimeout}.Ask(ctx, []string{url}, request)
		})
		if err != nil {
			failures, failed = append(failures, err), append(failed, attempts...)
			continue
		}
		view, err := ocspview.Dissect(der, ocspview.Question{Certificate: subject, Issuer: e.issuer(), Hash: hash, At: e.now(), Asked: attempts})
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", url, err))
			continue
		}
		return &answer{attempt: attempts[len(attempts)-1], failed: failed, der: der, view: view, judgment: e.judge(der, subject)}, nil
	}
	return nil, errors.Join(failures...)
}

// wantsSHA1 reports whether a responder may know the CA by SHA-1 only.
func wantsSHA1(got *answer, err error) bool {
	if said, ok := errors.AsType[*ocspclient.ErrorStatus](err); ok {
		return said.Status == ocspwire.Unauthorized || said.Status == ocspwire.MalformedRequest
	}
	return err == nil && !got.known()
}

// explainSilence says why there is no answer. Only what the responder itself says
// is a finding: that it does not serve this CA, or wants other requests.
func (e *examination) explainSilence(err error) {
	const name = "responder.answers"
	said, ok := errors.AsType[*ocspclient.ErrorStatus](err)
	byHand := "stapled ocsp query --cert chain.pem"
	if e.cfg.ResponderURL != "" {
		byHand = command(byHand+" --url", e.cfg.ResponderURL)
	}
	switch {
	case ok && said.Status == ocspwire.Unauthorized && e.cfg.Leaf == nil:
		e.report.add(name, Unseen, "it answers unauthorized to a serial number that nobody has issued, as RFC 5019 permits: give --cert with a certificate of this CA")
	case ok && said.Status == ocspwire.Unauthorized:
		e.report.add(name, Missing, oneLine(err), advise("add this CA to the configuration of the responder, or name another responder:", "stapled doctor --url "+exampleURL+" ..."))
	case ok && (said.Status == ocspwire.SigRequired || said.Status == ocspwire.MalformedRequest):
		e.report.add(name, Missing, oneLine(err), advise("have the responder take unsigned requests by POST and GET (RFC 6960 appendix A):", byHand))
	default:
		e.report.add(name, Unanswered, oneLine(err), advise("ask by hand, and look at the responder's log:", byHand))
	}
}

// oneLine joins the lines of an error.
func oneLine(err error) string {
	return strings.ReplaceAll(shortError(err), "\n", "; ")
}
