// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package doctor looks at a CA and its OCSP responder from outside, or at the
// directory of a step-ca, and says check by check what stapled tokens lack, and
// which lines to add. It decides nothing about tokens: packages certpath,
// ocspstaple and verifier do, and it asks them.
package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/stepca"
)

// Limits on the time that an examination takes.
const (
	// StepTimeout is how long one question to one server may take.
	StepTimeout = 10 * time.Second
	// Timeout is how long all of them may take together.
	Timeout = 60 * time.Second
)

// Config says what to look at: at least one of CAURL, Dir and Leaf.
type Config struct {
	// CAURL is the API of a running step-ca. It needs Roots or Dir.
	CAURL string
	// Roots are the CA certificates that verifiers trust. Default: those that Dir
	// names.
	Roots []*x509.Certificate
	// Dir is the directory of a step-ca.
	Dir string
	// Leaf is the certificate of a service. Its CA has the certificate Issuer, and
	// Others may be above that.
	Leaf, Issuer *x509.Certificate
	Others       []*x509.Certificate
	// ResponderURL is asked in place of the responders that Leaf names.
	ResponderURL string
	// KeyUsage is the extended key usage that verifiers want. Default clientAuth.
	KeyUsage x509.ExtKeyUsage
	// MaxStapleAge is what the verifiers permit. Default
	// [stapled.DefaultMaxStapleAge], one hour.
	MaxStapleAge time.Duration
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Watch is called around each question to a server, with what it is about, and
	// must call ask once. Default: it calls ask.
	Watch func(about string, ask func())
}

// check refuses a configuration with nothing to look at.
func (c Config) check() error {
	switch {
	case c.CAURL == "" && c.Dir == "" && c.Leaf == nil:
		return errors.New("there is nothing to look at: name a CA, a directory or a certificate")
	case c.CAURL != "" && len(c.Roots) == 0 && c.Dir == "":
		return errors.New("the root of the CA is missing")
	case c.Leaf != nil && c.Issuer == nil:
		return errors.New("the issuer of the certificate is missing")
	case c.MaxStapleAge < 0:
		return errors.New("the maximum age of a staple is negative")
	}
	return nil
}

// examination is an Examine under way: what has been learned so far.
type examination struct {
	cfg    Config
	now    func() time.Time
	report *Report

	directory *directory     // nil without Config.Dir
	client    *stepca.Client // nil unless the CA answers
	// issuing is the certificate with which the CA issues leaves; nil if that is not
	// known.
	issuing *x509.Certificate
	// responders are those that provisioners name.
	responders []string
	// suggested reports whether the report shows a whole template: once is enough.
	suggested bool
	// explained reports whether the report says how to have a responder.
	explained bool
	// answer is what a responder said, and how verifiers take it; nil without one.
	answer *answer
	// own reports whether the responder of `stapled up` answers from the database of
	// the directory.
	own bool
	// differences are those between ca.json and the running CA.
	differences []string
	// list is the CRL that the CA publishes; nil if there is none, or not of issuing.
	list *x509.RevocationList
}

// Examine takes every check that the configuration permits. The error means that
// the configuration is incomplete, that ca.json cannot be read, or that the
// context ended. What a server or a file says is never an error, but a check.
func Examine(parent context.Context, cfg Config) (*Report, error) {
	if err := cfg.check(); err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "%w", err)
	}
	if cfg.KeyUsage == 0 { // the zero value is "any", which verifiers do not accept
		cfg.KeyUsage = x509.ExtKeyUsageClientAuth
	}
	if cfg.MaxStapleAge == 0 {
		cfg.MaxStapleAge = stapled.DefaultMaxStapleAge
	}
	e := &examination{cfg: cfg, now: cfg.Now, report: new(Report)}
	if e.now == nil {
		e.now = time.Now
	}
	ctx, cancel := context.WithTimeoutCause(parent, Timeout, errTooLong)
	defer cancel()
	// What is known first explains what comes later; the report has an order of its
	// own.
	if err := e.readDirectory(); err != nil {
		return nil, err
	}
	e.examineRoots()
	if err := e.askCA(ctx); err != nil {
		return nil, err
	}
	e.examineCertificate()
	e.askOwnResponder(ctx)
	e.examineDatabase()
	e.examineProvisioners(ctx)
	e.askResponder(ctx)
	e.estimateToken()
	e.examineCRL(ctx)
	e.reportDifferences()
	if parent.Err() != nil {
		return nil, stapled.Errorf(stapled.Canceled, "look at the CA: %w", context.Cause(parent))
	}
	e.report.finish(e.now())
	return e.report, nil
}

var errTooLong = errors.New("all questions together took more than a minute")

// ask puts one question to one server, within its share of the time.
func (e *examination) ask(parent context.Context, about string, question func(context.Context)) {
	ctx, cancel := context.WithTimeoutCause(parent, StepTimeout, errSlow)
	defer cancel()
	if e.cfg.Watch == nil {
		question(ctx)
		return
	}
	e.cfg.Watch(about, func() { question(ctx) })
}

var errSlow = errors.New("no whole answer within 10s")
