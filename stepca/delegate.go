// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed" // DelegateTemplate
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// DelegateTemplate is a template of step-ca for OCSP signing certificates (RFC
// 6960 §4.2.2.2): digitalSignature, OCSPSigning and nothing else,
// id-pkix-ocsp-nocheck, and no names but the subject. Set it as templateFile of
// a provisioner that serves nothing else: anyone who can use that provisioner
// can answer for the CA.
//
//go:embed delegate.tpl
var DelegateTemplate string

// DelegateName is the default common name of a delegate.
const DelegateName = "ocsp-delegate"

// DelegateRequest describes the OCSP signing certificate to issue. The zero
// value is usable.
type DelegateRequest struct {
	// Name becomes the common name. Default: DelegateName.
	Name string
	// Validity is the lifetime from now. Default: the provisioner decides.
	Validity time.Duration
	// Key is the key to certify. Default: a new P-256 key.
	Key crypto.Signer
}

// Delegate gets a certificate that signs OCSP responses for the CA that issued
// it, which is the next one in the chain, or the Anchor. The provisioner must
// have the [DelegateTemplate]; if the certificate shows that it has not, the
// error is [stapled.Refused] and says what to add to ca.json.
//
// A delegate cannot renew itself: step-ca renews only certificates with
// clientAuth. Call Delegate again for the next one.
func (c *Client) Delegate(ctx context.Context, req DelegateRequest) (*certs.Identity, error) {
	if req.Validity < 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "validity %s is negative", timetext.Duration(req.Validity))
	}
	name := req.Name
	if name == "" {
		name = DelegateName
	}
	// step-ca wants the names of the request to be those of the token. The
	// template leaves them out.
	sans := []string{name}
	id, err := c.sign(ctx, certificateRequest(name, sans), sans, req.Validity, req.Key)
	if err != nil {
		return nil, err
	}
	if wrong := notADelegate(id.Leaf()); len(wrong) > 0 {
		return nil, stapled.Errorf(stapled.Refused, "the CA at %s issued %s as its own template says: %s; %s",
			c.base, certname.Of(id.Leaf()), strings.Join(wrong, ", "), c.templateAdvice())
	}
	return id, nil
}

// templateAdvice says what to add to ca.json.
func (c *Client) templateAdvice() string {
	return fmt.Sprintf("in ca.json, add \"options\": {\"x509\": {\"templateFile\": \"/ABSOLUTE/PATH/ocsp-delegate.tpl\"}} to provisioner %q, "+
		"write that file with `stapled ocsp delegate --print-template`, and restart step-ca (it looks for a relative path below STEPPATH, not in its own directory); "+
		"with remote management: `step ca provisioner update %s --x509-template ocsp-delegate.tpl`", c.cfg.Provisioner, c.cfg.Provisioner)
}

// notADelegate returns what the template would have made otherwise.
func notADelegate(leaf *x509.Certificate) []string {
	var wrong []string
	// 1. Only a leaf (RFC 5280 §4.2.1.9).
	if leaf.IsCA {
		wrong = append(wrong, "it is a CA certificate")
	}
	// 2. It signs responses (RFC 5280 §4.2.1.3).
	if leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		wrong = append(wrong, "its key usage is not digitalSignature alone")
	}
	// 3. It is for OCSP (RFC 6960 §4.2.2.2), and for nothing else: a key that is
	// also a client's or a server's is used in more places.
	if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}) || len(leaf.UnknownExtKeyUsage) > 0 {
		wrong = append(wrong, "its extended key usage is not OCSPSigning alone")
	}
	// 4. Clients need not look up its own status (RFC 6960 §4.2.2.2.1).
	if !slices.ContainsFunc(leaf.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(ocspwire.NoCheck) }) {
		wrong = append(wrong, "it lacks id-pkix-ocsp-nocheck")
	}
	return wrong
}
