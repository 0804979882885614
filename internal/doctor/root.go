// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// examineRoots examines what verifiers are to trust.
func (e *examination) examineRoots() {
	if len(e.cfg.Roots) == 0 {
		return
	}
	anchors, err := certs.NewAnchors(e.cfg.Roots...)
	if err != nil {
		e.report.add("root.anchors", Missing, "verifiers do not take these roots: "+shortError(err),
			advise("give them CA certificates with keyCertSign, and keys of ECDSA on P-256 to P-521, Ed25519, or RSA of 2048 to 4096 bits:",
				`step certificate create "Root CA" root_ca.crt root_ca_key --profile root-ca`))
		return
	}
	warnings := anchors.Warnings()
	for _, warning := range warnings {
		e.report.add("root.anchors", Warn, warning,
			advise("trust the root instead, unless you want shorter tokens and accept that (docs/issuing.md):", "stapled verify --anchor root_ca.crt ..."))
	}
	if len(warnings) == 0 {
		e.report.add("root.anchors", OK, "verifiers can trust "+terminal.Count(len(anchors.All()), "CA"))
	}
	for _, root := range e.cfg.Roots {
		if e.now().After(root.NotAfter) {
			e.report.addAbout("root.validity", certname.Of(root), Missing, "it ended at "+timetext.Stamp(root.NotAfter),
				advise("replace it (docs/rollover.md), and remove it from the verifiers"))
		}
	}
}

// examineCACertificate examines the certificate with which a CA issues leaves.
func (e *examination) examineCACertificate(name string, c *x509.Certificate) {
	now := e.now()
	switch weak := weakness(c); {
	case weak != "":
		e.report.add(name, Missing, fmt.Sprintf("%s: %s", certname.Of(c), weak),
			advise("replace the intermediate; its key may be ECDSA on P-256 to P-521, Ed25519, or RSA of 2048 to 4096 bits, and the signature on it SHA-256 or better:",
				`step certificate create "Intermediate CA" intermediate_ca.crt intermediate_ca_key --profile intermediate-ca --ca root_ca.crt --ca-key root_ca_key`))
	case now.After(c.NotAfter) || now.Before(c.NotBefore):
		e.report.add(name, Missing, fmt.Sprintf("%s is valid from %s to %s", certname.Of(c), timetext.Stamp(c.NotBefore), timetext.Stamp(c.NotAfter)),
			advise("renew the intermediate (docs/rollover.md):",
				`step certificate create "Intermediate CA" intermediate_ca.crt intermediate_ca_key --profile intermediate-ca --ca root_ca.crt --ca-key root_ca_key`))
	default:
		e.report.add(name, OK, fmt.Sprintf("%s issues, %s, until %s", certname.Of(c), certkey.Name(c), timetext.Stamp(c.NotAfter)))
	}
}

// weakness says why verifiers refuse a certificate's key or signature; "" if
// they do not.
func weakness(c *x509.Certificate) string {
	if err := certkey.Check(c.PublicKey); err != nil {
		return "its key is refused: " + shortError(err)
	}
	if err := certkey.CheckEncoding(c); err != nil {
		return "its key is refused: " + shortError(err)
	}
	if err := certkey.CheckSignatureAlgorithm(c.SignatureAlgorithm); err != nil {
		return "the signature on it is refused: " + shortError(err)
	}
	return ""
}
