// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"crypto/x509"
	"encoding/asn1"
	"time"

	"github.com/stapledjwt/stapled"
)

// checkNames does the end of the validation. Name constraints and certificate
// policies apply along the whole path (RFC 5280 §6.1.3 (b) to (e)). The error is
// ChainUntrusted.
func (p *Path) checkNames(rules Rules) error {
	if !p.hasPathExtension() {
		return nil
	}
	if err := p.verifyWithStandardLibrary(rules.Now, rules.KeyUsage); err != nil {
		return stapled.Errorf(stapled.ChainUntrusted, "%w", err)
	}
	return nil
}

// pathExtensions are processed along the whole path (RFC 5280 §6.1.4).
var pathExtensions = []asn1.ObjectIdentifier{
	{2, 5, 29, 30}, // nameConstraints
	{2, 5, 29, 33}, // policyMappings
	{2, 5, 29, 36}, // policyConstraints
	{2, 5, 29, 54}, // inhibitAnyPolicy
}

func (p *Path) hasPathExtension() bool {
	for i := range len(p.Chain) + 1 {
		for _, ext := range p.at(i).Extensions {
			for _, oid := range pathExtensions {
				if ext.Id.Equal(oid) {
					return true
				}
			}
		}
	}
	return false
}

func (p *Path) verifyWithStandardLibrary(now time.Time, usage x509.ExtKeyUsage) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(p.Top)
	for _, c := range p.Chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := p.Chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates,
		CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}
