// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/stepca"
)

// intoCRL introduces a line for ca.json.
const intoCRL = "add to ca.json, and restart the CA:"

// crlLine is the key crl. Without idpURL, step-ca would name the list without the
// port of the CA.
func (e *examination) crlLine() string {
	return `"crl": {"enabled": true, "generateOnRevoke": true, "cacheDuration": "1h", ` + member("idpURL", e.crlURL()) + `},`
}

// crlURL returns where the CA publishes its list.
func (e *examination) crlURL() string {
	base := "https://ca.example.internal:9000"
	switch d := e.directory; {
	case e.cfg.CAURL != "":
		base = strings.TrimSuffix(e.cfg.CAURL, "/")
	case d != nil && len(d.config.DNSNames) > 0 && d.config.port() != "":
		base = "https://" + net.JoinHostPort(d.config.DNSNames[0], d.config.port())
	}
	return base + "/1.0/crl"
}

// examineCRL examines the list that the CA publishes, and the settings behind
// it.
func (e *examination) examineCRL(ctx context.Context) {
	published := true
	switch {
	case e.client != nil:
		published = e.examinePublishedCRL(ctx)
	case e.directory != nil && !e.directory.config.CRL.Enabled:
		e.withoutCRL(ctx)
	case e.directory != nil:
		e.report.add("crl.enabled", OK, "ca.json enables the CRL")
	default:
		return
	}
	if published {
		e.examineCRLSettings()
	}
}

// examinePublishedCRL gets the list, and reports whether there is one.
func (e *examination) examinePublishedCRL(ctx context.Context) bool {
	if e.issuing == nil {
		e.report.add("crl.enabled", Unseen, "the issuing certificate is not known, so nobody can say whether the list is its own: give --cert or --dir")
		return false
	}
	var list *x509.RevocationList
	var err error
	e.ask(ctx, "the CA for its CRL", func(ctx context.Context) { list, err = e.client.CRL(ctx, e.issuing) })
	switch {
	case errors.Is(err, stepca.ErrNoCRL):
		e.compareCRL(false)
		e.withoutCRL(ctx)
	case errors.Is(err, stapled.Refused):
		e.report.add("crl.enabled", Missing, shortError(err), advise("is this the CRL of "+certname.Of(e.issuing)+"? Compare:", command("curl --cacert root_ca.crt", e.cfg.CAURL+"/1.0/crl")+" | openssl crl -inform DER -noout -text"))
	case err != nil:
		e.unanswered("crl.enabled", err)
	default:
		e.list = list
		e.compareCRL(true)
		e.report.add("crl.enabled", OK, fmt.Sprintf("CRL number %d with %d entries, signed by %s", list.Number, len(list.RevokedCertificateEntries), certname.Of(e.issuing)))
		e.judgeFreshness(list)
		e.judgeValidity(list)
		e.judgeDistributionPoint(list)
		return true
	}
	return false
}

// withoutCRL judges that the CA publishes no list. A responder that still answers
// may do so from the last list there was: only one that knows what the CA has
// issued needs none.
func (e *examination) withoutCRL(ctx context.Context) {
	const name = "crl.enabled"
	d := e.directory
	if e.own {
		e.report.add(name, OK, "the CA publishes no CRL, and needs none: `stapled up` reads its database")
		return
	}
	if d != nil && !d.config.serverDatabase() {
		advice := []Advice{advise(intoCRL, e.crlLine())}
		if d.ownAddress != "" {
			advice = append(advice, advise("or start the responder that reads the database:", command("stapled up --dir", d.dir)))
		}
		e.report.add(name, Missing, "the CA publishes no CRL, and its database is locked while it runs, so no responder beside it can know what is revoked; one that still answers does so from an old list", advice...)
		return
	}
	_, urls := e.subject()
	if e.knowsIssued(ctx, urls) {
		e.report.add(name, OK, "the CA publishes no CRL, and the responder does not depend on one: it says unknown about a serial number that nobody has issued, so it knows what the CA has issued")
		return
	}
	e.report.add(name, Warn, "the CA publishes no CRL: a responder beside it must read its PostgreSQL or MySQL database, and no answer shows that one does",
		advise("if the responder is to follow the CRL, "+intoCRL, e.crlLine()))
}

// judgeFreshness compares the list with the time.
func (e *examination) judgeFreshness(list *x509.RevocationList) {
	const name = "crl.fresh"
	now := e.now()
	age := now.Sub(list.ThisUpdate).Round(time.Second)
	restart := advise("look at the CA's log: step-ca makes lists while it runs, and one when it starts:", "systemctl restart step-ca")
	switch {
	case now.Add(stapled.DefaultLeeway).Before(list.ThisUpdate):
		e.report.add(name, Missing, "its thisUpdate is in the future: "+timetext.Stamp(list.ThisUpdate), advise("set the clocks of both machines:", "timedatectl set-ntp true"))
	case list.NextUpdate.IsZero():
		e.report.add(name, Missing, "it has no nextUpdate, and a responder does not use it", advise(intoCRL, e.crlLine()))
	case now.After(list.NextUpdate):
		e.report.add(name, e.ifFollowed(), fmt.Sprintf("it ended at %s, and no responder uses it any more", timetext.Stamp(list.NextUpdate)), restart)
	case age > e.cfg.MaxStapleAge:
		e.report.add(name, e.ifFollowed(), fmt.Sprintf("it is %s old, and a staple from it is as old: verifiers accept %s", timetext.Duration(age), timetext.Duration(e.cfg.MaxStapleAge)), advise(intoCRL, e.crlLine()))
	default:
		e.report.add(name, OK, fmt.Sprintf("%s old, until %s", timetext.Duration(max(0, age)), timetext.Stamp(list.NextUpdate)))
	}
}

// ifFollowed returns Missing, or Warn if the responder is known not to follow the
// list: it is that of `stapled up`, or its answers are newer than the list, while
// those from a list have its thisUpdate.
func (e *examination) ifFollowed() Status {
	newer := e.list != nil && e.answer != nil && e.answer.staple != nil && e.answer.staple.ThisUpdate().After(e.list.ThisUpdate)
	if e.own || newer {
		return Warn
	}
	return Missing
}

// judgeValidity says whether the CA makes lists often enough.
func (e *examination) judgeValidity(list *x509.RevocationList) {
	const name = "crl.cache_duration"
	validity, limit := list.NextUpdate.Sub(list.ThisUpdate), e.cfg.MaxStapleAge
	switch {
	case e.directory != nil:
		return // its settings say more
	case validity > limit:
		e.report.add(name, e.ifFollowed(), fmt.Sprintf("lists are for %s: unless renewPeriod is set, which only ca.json shows, a new one comes every %s, and staples from it get too old for the %s that verifiers accept", timetext.Duration(validity), timetext.Duration(validity/3*2), timetext.Duration(limit)),
			advise(intoCRL, e.crlLine()), advise("with ca.json at hand, this check knows more:", command("stapled doctor --dir /etc/step-ca --ca-url", e.cfg.CAURL)))
	default:
		e.report.add(name, OK, fmt.Sprintf("lists are for %s, so a new one comes before staples from it are too old", timetext.Duration(validity)))
	}
}

// oidDistributionPoint identifies the issuing distribution point (RFC 5280
// §5.2.5).
var oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

// inDER finds the URL in the extension.
var inDER = regexp.MustCompile(`https?://[!-~]+`)

// judgeDistributionPoint compares the name in the list with where it is.
func (e *examination) judgeDistributionPoint(list *x509.RevocationList) {
	const name = "crl.idp"
	for _, ext := range list.Extensions {
		if !ext.Id.Equal(oidDistributionPoint) {
			continue
		}
		named := string(inDER.Find(ext.Value))
		here := e.cfg.CAURL + "/1.0/crl"
		if samePlace(named, here) {
			e.report.add(name, OK, "the list says that it is at "+named)
			return
		}
		e.report.add(name, Warn, fmt.Sprintf("the list says that it is at %s, and it is at %s: clients that compare them refuse it", named, here),
			advise("add to the key crl in ca.json, and restart the CA:", member("idpURL", here)+","))
		return
	}
}

// samePlace compares the host and the port of two URLs.
func samePlace(a, b string) bool {
	first, err1 := url.Parse(a)
	second, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && first.Hostname() == second.Hostname() && port(first) == port(second)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// examineCRLSettings examines what only ca.json shows.
func (e *examination) examineCRLSettings() {
	d := e.directory
	if d == nil {
		if e.client != nil {
			e.report.add("crl.on_revoke", Unseen, "only ca.json shows whether a revocation makes a new list (generateOnRevoke): give --dir")
		}
		return
	}
	crl := d.config.CRL
	if !crl.Enabled {
		return
	}
	if crl.GenerateOnRevoke {
		e.report.add("crl.on_revoke", OK, "a revocation makes a new list before it is acknowledged")
	} else {
		e.report.add("crl.on_revoke", e.ifFollowed(), fmt.Sprintf("a revocation waits for the next list, up to %s (generateOnRevoke is not set)", timetext.Duration(crl.period())),
			advise("add to the key crl in ca.json, and restart the CA:", `"generateOnRevoke": true,`))
	}
	period, limit := crl.period(), e.cfg.MaxStapleAge
	if period >= limit {
		e.report.add("crl.cache_duration", e.ifFollowed(), fmt.Sprintf("a new list comes every %s, and staples from it get too old for the %s that verifiers accept", timetext.Duration(period), timetext.Duration(limit)),
			advise("set in the key crl of ca.json, and restart the CA:", `"cacheDuration": "1h",`))
	} else {
		e.report.add("crl.cache_duration", OK, fmt.Sprintf("a new list comes every %s, and verifiers accept staples of %s", timetext.Duration(period), timetext.Duration(limit)))
	}
}
