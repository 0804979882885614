// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// examineCertificate examines a certificate that is to sign tokens, by the steps
// of docs/format.md that need no token.
func (e *examination) examineCertificate() {
	if e.cfg.Leaf == nil {
		return
	}
	e.examineIssuer()
	e.examineKeys()
	e.examineValidity()
	e.examineLeafUsage()
	e.examineNames()
	e.examinePath()
	e.examineAuthorityInformation()
}

// examineIssuer compares the issuer of the certificate with the CA.
func (e *examination) examineIssuer() {
	switch {
	case e.issuing == nil:
		e.issuing = e.cfg.Issuer
	case certkey.Same(e.issuing, e.cfg.Issuer) && bytes.Equal(e.issuing.RawSubject, e.cfg.Issuer.RawSubject):
		e.report.add("certificate.issuer", OK, "it is from this CA")
	default:
		e.report.add("certificate.issuer", Missing, fmt.Sprintf("it is from %s, and this CA issues as %s", certname.Of(e.cfg.Issuer), certname.Of(e.issuing)),
			advise("give --cert a certificate from this CA, or leave out --ca-url and --dir:", "step ca certificate NAME cert.pem key.pem"))
	}
}

// chain returns the certificates as x5c carries them: leaf first, without a
// root.
func (e *examination) chain() []*x509.Certificate {
	chain := []*x509.Certificate{e.cfg.Leaf}
	next := e.cfg.Issuer
	for next != nil && !bytes.Equal(next.RawSubject, next.RawIssuer) && len(chain) <= stapled.MaxChain {
		chain = append(chain, next)
		last := next
		next = nil
		for _, c := range e.cfg.Others {
			if bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil {
				next = c
				break
			}
		}
	}
	return chain
}

// examineKeys checks rules 3.2, 3.4 and 3.5.
func (e *examination) examineKeys() {
	const name = "certificate.keys"
	var kinds []string
	for _, c := range e.chain() {
		if weak := weakness(c); weak != "" {
			e.report.add(name, Missing, fmt.Sprintf("%s: %s", certname.Of(c), weak),
				advise("issue it again, with an ECDSA key on P-256 to P-521, Ed25519, or RSA of 2048 to 4096 bits, and signed with SHA-256 or better:", "step ca certificate NAME cert.pem key.pem --kty EC --curve P-256"))
			return
		}
		kinds = append(kinds, certkey.Name(c))
	}
	if _, err := certx5c.Parse(certx5c.Encode(e.chain())); err != nil {
		e.report.add(name, Missing, "verifiers do not parse it: "+err.Error(),
			advise("issue it again with fewer or shorter names and extensions: rule 3.2 of docs/format.md has the limits"))
		return
	}
	e.report.add(name, OK, strings.Join(kinds, ", "))
}

// examineValidity compares the leaf with the time.
func (e *examination) examineValidity() {
	const name = "certificate.validity"
	leaf, now := e.cfg.Leaf, e.now()
	switch {
	case now.After(leaf.NotAfter):
		e.report.add(name, Missing, "it ended at "+timetext.Stamp(leaf.NotAfter), advise("enroll again:", "step ca certificate NAME cert.pem key.pem"))
	case now.Add(stapled.DefaultLeeway).Before(leaf.NotBefore):
		e.report.add(name, Missing, "it begins at "+timetext.Stamp(leaf.NotBefore), advise("compare the clocks of the CA and of this machine:", "timedatectl set-ntp true"))
	default:
		e.report.add(name, OK, "until "+timetext.Stamp(leaf.NotAfter))
	}
}

// usageNames are the extended key usages that verifiers can want.
var usageNames = map[x509.ExtKeyUsage]string{x509.ExtKeyUsageClientAuth: "clientAuth", x509.ExtKeyUsageServerAuth: "serverAuth"}

func usageName(usage x509.ExtKeyUsage) string { return usageNames[usage] }

// otherUsage is the alternative to another certificate.
func otherUsage(wanted x509.ExtKeyUsage) Advice {
	other := "serverAuth"
	if wanted == x509.ExtKeyUsageServerAuth {
		other = "clientAuth"
	}
	return advise("or have every verifier want another one:", "stapled verify --key-usage "+other+" ...")
}

// examineLeafUsage checks what step 4 asks of the leaf.
func (e *examination) examineLeafUsage() {
	const name = "certificate.usage"
	leaf, wanted := e.cfg.Leaf, usageName(e.cfg.KeyUsage)
	switch {
	case leaf.IsCA:
		e.report.add(name, Missing, "it is the certificate of a CA, which does not sign tokens", advise("give --cert the certificate of a service, with the CA's after it"))
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		e.report.add(name, Missing, "it lacks digitalSignature", advise("issue it again; in a template of step-ca:", `"keyUsage": ["digitalSignature"],`))
	case !slices.Contains(leaf.ExtKeyUsage, e.cfg.KeyUsage):
		e.report.add(name, Missing, "it lacks the extended key usage "+wanted+", which verifiers want",
			advise("issue it again; in a template of step-ca:", `"extKeyUsage": ["serverAuth", "clientAuth"],`), otherUsage(e.cfg.KeyUsage))
	default:
		e.report.add(name, OK, "it has digitalSignature and "+wanted)
	}
}

// examineNames checks that a token can name its issuer (rule 7.3).
func (e *examination) examineNames() {
	const name = "certificate.names"
	names, err := san.Of(e.cfg.Leaf)
	switch {
	case err != nil:
		e.report.add(name, Missing, "its subjectAltName is unreadable: "+shortError(err), advise("issue it again"))
	case names.Issuer() == "":
		e.report.add(name, Missing, "its subjectAltName has no DNS name, and no URI with a host, so that no iss can name it",
			advise("enroll with a name that a token can carry as its issuer:", "step ca certificate orders cert.pem key.pem --san orders.internal --san https://orders.internal"))
	default:
		e.report.add(name, OK, "tokens can carry iss "+names.Issuer())
	}
}

// examinePath validates the chain as a verifier does that trusts the roots.
func (e *examination) examinePath() {
	const name = "certificate.path"
	if len(e.cfg.Roots) == 0 {
		e.report.add(name, Unseen, "nobody has said what verifiers trust: give --root")
		return
	}
	anchors, err := certs.NewAnchors(e.cfg.Roots...)
	if err != nil {
		return // examineRoots has said so
	}
	err = e.validate(anchors)
	switch {
	case err == nil:
		e.report.add(name, OK, "a verifier that trusts the given roots accepts it")
	case errors.Is(err, stapled.KeyUsage), errors.Is(err, stapled.CertificateExpired), errors.Is(err, stapled.CertificateNotYetValid), errors.Is(err, stapled.AlgorithmRejected):
		e.report.add(name, Missing, shortError(err), advise("see the other checks of the certificate, of the issuer and of the roots"))
	default:
		e.report.add(name, Missing, shortError(err),
			advise("put the certificate first, then each intermediate in order, without the root:", "cat leaf.pem intermediate_ca.crt > chain.pem"),
			advise("and give verifiers the root above them:", "stapled verify --anchor root_ca.crt ..."))
	}
}

func (e *examination) validate(anchors *certs.Anchors) error {
	ordered, err := certpath.Order(anchors, e.chain())
	if err != nil {
		return err
	}
	linked, err := ordered.Link(certpath.Rules{Now: e.now(), Leeway: stapled.DefaultLeeway, KeyUsage: e.cfg.KeyUsage}, nil)
	if err != nil {
		return err
	}
	_, err = linked.Path()
	return err
}

// examineAuthorityInformation checks that the leaf names its responder.
func (e *examination) examineAuthorityInformation() {
	const name = "certificate.responder"
	line := advise("issue it again with the URL; in a template of step-ca:", member("ocspServer", []string{e.responderURL()}))
	urls := e.cfg.Leaf.OCSPServer
	for _, url := range urls {
		if err := ocspclient.CheckURL(url); err != nil {
			e.report.add(name, Missing, fmt.Sprintf("it names %q: %v", url, err), line)
			return
		}
	}
	switch {
	case len(urls) > 0:
		e.report.add(name, OK, "it names "+strings.Join(urls, ", "))
	case e.cfg.ResponderURL != "":
		e.report.add(name, Warn, "it names no OCSP responder, so every service must be told",
			line, advise("or tell each service:", command("stapled token --ocsp-url", e.cfg.ResponderURL)+" ..."))
	default:
		e.report.add(name, Missing, "it names no OCSP responder",
			line, advise("or, if there is a responder, say where:", "stapled doctor --url "+exampleURL+" ...", "stapled token --ocsp-url "+exampleURL+" ..."))
	}
}
