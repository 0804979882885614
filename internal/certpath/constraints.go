// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certpolicy"
	"github.com/stapledjwt/stapled/internal/nameconstraint"
)

// checkNames does the end of the validation. Name constraints and certificate
// policies apply along the whole path (RFC 5280 §6.1.3 (b) to (f), §6.1.4,
// §6.1.5), and no other way to the anchor gets around them. How much there is to
// compare is up to the sender. The error is ChainUntrusted.
func (p *Path) checkNames() error {
	all := append(slices.Clone(p.Chain), p.Top)
	// 1. Name constraints, the anchor's included.
	if err := nameconstraint.Check(all); err != nil {
		return stapled.Errorf(stapled.ChainUntrusted, "%w", err)
	}
	// 2. Certificate policies, below the anchor.
	if err := certpolicy.Check(all); err != nil {
		return stapled.Errorf(stapled.ChainUntrusted, "%w", err)
	}
	return nil
}

// unknownCritical returns the critical extensions of a certificate that nobody
// processes. Package x509 lists nameConstraints among them if it does not know
// each kind of name in it; [Linked.Path] does.
func unknownCritical(c *x509.Certificate) []asn1.ObjectIdentifier {
	if len(c.UnhandledCriticalExtensions) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), nameconstraint.OID.Equal)
}
