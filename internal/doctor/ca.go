// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/stepca"
)

// askCA asks the step-ca what it tells every stranger. If it does not answer,
// nothing else is asked of it.
func (e *examination) askCA(ctx context.Context) error {
	if e.cfg.CAURL == "" || len(e.cfg.Roots) == 0 {
		return nil
	}
	if err := e.connect(ctx); err != nil || e.client == nil {
		return err
	}
	e.compareRoots(ctx)
	e.findIssuing(ctx)
	e.compareCAClock(ctx)
	return nil
}

// connect finds the root below which the CA answers. The error means that its URL
// is none.
func (e *examination) connect(ctx context.Context) error {
	var last error
	for _, root := range e.cfg.Roots {
		client, err := stepca.New(stepca.Config{URL: e.cfg.CAURL, Root: root})
		if err != nil {
			return err
		}
		e.ask(ctx, "the CA", func(ctx context.Context) { last = client.Health(ctx) })
		if last == nil {
			e.client = client
			e.report.add("ca.reachable", OK, e.cfg.CAURL+" is healthy")
			return nil
		}
		var unknown x509.UnknownAuthorityError
		if !errors.As(last, &unknown) {
			break
		}
	}
	e.explainConnection(last)
	return nil
}

// explainConnection says why the CA cannot be asked. What its certificate shows
// is a finding; silence is not.
func (e *examination) explainConnection(err error) {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		e.report.add("ca.root", Missing, e.cfg.CAURL+" has a certificate that no given root has issued",
			advise("get the root of the CA, by the fingerprint that its operator gives you:", command("step ca root root_ca.crt --fingerprint FINGERPRINT --ca-url", e.cfg.CAURL)))
	case errors.As(err, &host):
		e.report.add("ca.reachable", Missing, fmt.Sprintf("the certificate of the CA is not for %s, but for %q", host.Host, hostNames(host.Certificate)),
			advise("add this name to dnsNames in ca.json, and restart the CA:", member("dnsNames", append(hostNames(host.Certificate), host.Host))+","))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.report.add("ca.clock", Missing, fmt.Sprintf("the certificate of the CA is valid from %s to %s, and it is %s here", timetext.Stamp(invalid.Cert.NotBefore), timetext.Stamp(invalid.Cert.NotAfter), timetext.Stamp(e.now())),
			advise("set the clocks of both machines, for example with chrony or systemd-timesyncd:", "timedatectl set-ntp true"))
	default:
		e.unanswered("ca.reachable", err, advise("is the CA running, and is this its URL?", command("curl --cacert root_ca.crt", e.cfg.CAURL+"/health")))
	}
}

// hostNames are the names in a certificate.
func hostNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names[:min(len(names), 5)]
}

// unanswered adds a check about which a server has said nothing.
func (e *examination) unanswered(name string, err error, advice ...Advice) {
	e.report.add(name, Unanswered, shortError(err), advice...)
}

// shortError leaves out the reason, which the status already says.
func shortError(err error) string {
	if own, ok := errors.AsType[*stapled.Error](err); ok && own.Err != nil {
		return own.Err.Error()
	}
	return err.Error()
}

// compareRoots looks for the given roots among those that the CA names.
func (e *examination) compareRoots(ctx context.Context) {
	var roots []*x509.Certificate
	var err error
	e.ask(ctx, "the CA for its roots", func(ctx context.Context) { roots, err = e.client.Roots(ctx) })
	if err != nil {
		e.unanswered("ca.root", err)
		return
	}
	trusted := e.client.Root()
	if !bytes.Equal(trusted.RawSubject, trusted.RawIssuer) {
		e.report.add("ca.root", OK, certname.Of(trusted)+", which is no root, vouches for it")
		return
	}
	for _, root := range roots {
		if bytes.Equal(root.Raw, trusted.Raw) {
			sum := sha256.Sum256(root.Raw)
			e.report.add("ca.root", OK, fmt.Sprintf("%s is known to it, fingerprint %s", certname.Of(root), hex.EncodeToString(sum[:])))
			e.otherRoots(roots)
			return
		}
	}
	e.report.add("ca.root", Missing, fmt.Sprintf("the CA does not name %s as its root, but %s", certname.Of(trusted), certname.Of(roots[0])),
		advise("give verifiers the roots of the CA, beside the old one while certificates below it live (docs/rollover.md):", command("step ca roots roots.pem --root root_ca.crt --ca-url", e.cfg.CAURL)))
}

// otherRoots warns about roots that verifiers do not have.
func (e *examination) otherRoots(roots []*x509.Certificate) {
	for _, root := range roots {
		known := false
		for _, own := range e.cfg.Roots {
			known = known || bytes.Equal(own.Raw, root.Raw)
		}
		if !known {
			e.report.addAbout("ca.root", certname.Of(root), Warn, "another root of the CA, which was not given",
				advise("if certificates below it sign tokens, verifiers need it too (docs/rollover.md):", command("step ca roots roots.pem --root root_ca.crt --ca-url", e.cfg.CAURL)))
		}
	}
}

// findIssuing gets the certificate that issues leaves.
func (e *examination) findIssuing(ctx context.Context) {
	var list []*x509.Certificate
	var err error
	e.ask(ctx, "the CA for its intermediates", func(ctx context.Context) { list, err = e.client.Intermediates(ctx) })
	switch {
	case errors.Is(err, stapled.Refused):
		e.report.add("ca.issuer", Unseen, "this version of step-ca does not say with which certificate it issues: give --cert or --dir")
		return
	case err != nil:
		e.unanswered("ca.issuer", err)
		return
	}
	e.issuing = list[0]
	e.examineCACertificate("ca.issuer", list[0])
}

// clockTolerance is the error of a Date, which has whole seconds, and of the way
// to the server and back.
const clockTolerance = 5 * time.Second

// compareCAClock compares the clocks of the CA and of this machine.
func (e *examination) compareCAClock(ctx context.Context) {
	var theirs time.Time
	var err error
	e.ask(ctx, "the CA for the time", func(ctx context.Context) { theirs, err = e.client.Clock(ctx) })
	switch {
	case errors.Is(err, stapled.Refused):
		e.report.add("ca.clock", Unseen, "the CA does not show its time")
	case err != nil:
		e.unanswered("ca.clock", err)
	default:
		e.judgeClock("ca.clock", "the CA's clock", theirs)
	}
}

// judgeClock compares a clock with that of this machine.
func (e *examination) judgeClock(name, whose string, theirs time.Time) {
	ahead := theirs.Sub(e.now()).Round(time.Second)
	where := "ahead of"
	if ahead < 0 {
		where = "behind"
	}
	text := fmt.Sprintf("%s is %s %s this machine's", whose, timetext.Duration(ahead.Abs()), where)
	advice := advise("set both clocks, for example with chrony or systemd-timesyncd; verifiers tolerate a clock that is ahead by up to "+timetext.Duration(stapled.DefaultLeeway)+":", "timedatectl set-ntp true")
	switch {
	case ahead.Abs() <= clockTolerance:
		e.report.add(name, OK, whose+" agrees with this machine's")
	case ahead.Abs() <= stapled.DefaultLeeway:
		e.report.add(name, Warn, text, advice)
	default:
		e.report.add(name, Missing, text, advice)
	}
}
