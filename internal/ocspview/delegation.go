// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// requireDelegation examines the certificate of a delegate (rule 6.9, RFC 6960
// §4.2.2.2).
func (s *Signer) requireDelegation(c *x509.Certificate, q Question) {
	const rule, reissue = "6.9", "issue the responder's certificate again, "
	issuer := certname.Of(q.Issuer)
	// 1. The issuer itself issued it.
	s.require(rule, "issued by", bytes.Equal(c.RawIssuer, q.Issuer.RawSubject),
		"the issuer, "+issuer, certname.IssuerOf(c)+", not the issuer of this certificate, "+issuer,
		"get the responder's certificate from "+issuer+" itself, not from the CA above or beside it")
	weak := certkey.CheckSignatureAlgorithm(c.SignatureAlgorithm)
	wrong := "the issuer's key did not sign the responder's certificate"
	if weak != nil {
		wrong = "the responder's certificate is signed with " + c.SignatureAlgorithm.String()
	}
	s.require(rule, "signed by", weak == nil && q.Issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil,
		"the issuer's key signed the responder's certificate", wrong, reissue+"by this CA and with SHA-256 or better")
	// 2. It is for signing OCSP responses, and for nothing that a CA does.
	wrong = "it lacks the extended key usage OCSPSigning"
	if slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) {
		wrong = "it has the extended key usage any, which is not enough"
	}
	s.require(rule, "OCSPSigning", slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning),
		"it has the extended key usage OCSPSigning", wrong, reissue+"with the extended key usage OCSPSigning")
	s.require(rule, "key usage", c.KeyUsage&x509.KeyUsageDigitalSignature != 0,
		"it has the key usage digitalSignature", "it lacks the key usage digitalSignature", reissue+"with the key usage digitalSignature")
	s.require(rule, "not a CA", !c.IsCA, "it is not a CA's", "it is a CA's", reissue+"without the basic constraint CA")
	// 3. It needs no revocation check, and has no unknown critical extension.
	s.require(rule, "nocheck", hasNoCheck(c), "it has id-pkix-ocsp-nocheck", "it lacks id-pkix-ocsp-nocheck (1.3.6.1.5.5.7.48.1.5)",
		reissue+"with the extension id-pkix-ocsp-nocheck; in a step-ca template: {\"id\": \"1.3.6.1.5.5.7.48.1.5\", \"value\": \"BQA=\"}")
	unknown := slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), ocspwire.NoCheck.Equal)
	wrong = ""
	if len(unknown) > 0 {
		wrong = "it has the unknown critical extension " + unknown[0].String()
	}
	s.require(rule, "extensions", wrong == "", "none that is critical and unknown", wrong, reissue+"without that extension")
	// 4. It is not the certificate in question, and valid.
	s.require(rule, "own key", !certkey.Same(c, q.Certificate),
		"it is not the key of the certificate in question", "the certificate in question vouches for itself", "give the responder a key of its own")
	validity := terminal.Stamp(c.NotBefore) + " to " + terminal.Stamp(c.NotAfter)
	valid := !q.At.Before(c.NotBefore.Add(-stapled.DefaultLeeway)) && !q.At.After(c.NotAfter)
	s.require(rule, "validity", valid, validity, fmt.Sprintf("%s, and it is %s", validity, terminal.Stamp(q.At)),
		"renew the responder's certificate, and check the clocks")
}
