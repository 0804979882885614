// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

// CertStatus is what a response says about a certificate (RFC 6960 §4.2.1). The
// zero value is Unknown.
type CertStatus uint8

// The values of CertStatus.
const (
	Unknown CertStatus = iota
	Good
	Revoked
)

// String returns the name of the status in RFC 6960.
func (s CertStatus) String() string {
	switch s {
	case Good:
		return "good"
	case Revoked:
		return "revoked"
	default:
		return "unknown"
	}
}

// Tag returns the IMPLICIT tag of the status: good and unknown are a NULL,
// revoked is a RevokedInfo.
func (s CertStatus) Tag() cbasn1.Tag {
	switch s {
	case Good:
		return cbasn1.Tag(0).ContextSpecific()
	case Revoked:
		return Tag(1)
	default:
		return cbasn1.Tag(2).ContextSpecific()
	}
}

// StatusOf is the inverse of CertStatus.Tag, and reports whether there is one.
func StatusOf(tag cbasn1.Tag) (CertStatus, bool) {
	for _, s := range [...]CertStatus{Good, Revoked, Unknown} {
		if s.Tag() == tag {
			return s, true
		}
	}
	return Unknown, false
}
