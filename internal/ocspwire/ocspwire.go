// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspwire is what goes over the wire in OCSP (RFC 6960, profile RFC
// 9919): object identifiers, hash and signature algorithms, CertIDs, extensions,
// statuses and media types. A verifier of staples, a stapler and a responder
// share it.
//
// It reads strict DER and reports whether it could; what to make of an answer or
// a question is for its callers to decide. Reading does not copy: what it returns
// is a part of what was read.
package ocspwire

import (
	"bytes"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The media types of OCSP over HTTP (RFC 6960 Appendix C).
const (
	RequestType  = "application/ocsp-request"
	ResponseType = "application/ocsp-response"
)

// Tag is the EXPLICIT context-specific tag of this number. RFC 6960 has few
// others.
func Tag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// IsNullOrAbsent reports whether the parameters of an algorithm are NULL or
// nothing. RFC 5754 §2 has receivers accept both for a hash.
func IsNullOrAbsent(parameters []byte) bool {
	return len(parameters) == 0 || bytes.Equal(parameters, []byte{0x05, 0x00})
}
