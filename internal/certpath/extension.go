// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// checkExtensions refuses what package x509 reads as less than it says. To
// x509, a keyUsage or extKeyUsage that permits nothing is one that is absent and
// so permits everything; and it skips what follows the fields that it knows,
// such as a pathLenConstraint at another place.
func checkExtensions(c *x509.Certificate) error {
	for _, ext := range c.Extensions {
		value := cryptobyte.String(ext.Value)
		var name string
		var ok bool
		switch {
		case ext.Id.Equal(oidBasicConstraints):
			name, ok = "basicConstraints (RFC 5280 §4.2.1.9)", isBasicConstraints(value)
		case ext.Id.Equal(oidKeyUsage):
			// "At least one of the bits MUST be set to 1."
			name, ok = "keyUsage (RFC 5280 §4.2.1.3)", value.SkipASN1(cbasn1.BIT_STRING) && value.Empty() && c.KeyUsage != 0
		case ext.Id.Equal(oidExtKeyUsage):
			// SEQUENCE SIZE (1..MAX) OF KeyPurposeId
			name, ok = "extKeyUsage (RFC 5280 §4.2.1.12)", value.SkipASN1(cbasn1.SEQUENCE) && value.Empty() && len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0
		default:
			continue
		}
		if !ok {
			return stapled.Errorf(stapled.ChainUntrusted, "%s has a malformed or empty %s", certname.Of(c), name)
		}
	}
	return nil
}

// isBasicConstraints reports whether there is nothing but cA and
// pathLenConstraint, in this order. A cA of FALSE may be written out: many CAs
// do.
func isBasicConstraints(value cryptobyte.String) bool {
	var fields cryptobyte.String
	return value.ReadASN1(&fields, cbasn1.SEQUENCE) && value.Empty() &&
		fields.SkipOptionalASN1(cbasn1.BOOLEAN) && fields.SkipOptionalASN1(cbasn1.INTEGER) && fields.Empty()
}
