// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspwire implements the wire format of OCSP (RFC 6960, profile RFC
// 9919): object identifiers, hash and signature algorithms, CertIDs,
// extensions, statuses and media types. A verifier of staples, a stapler and a
// responder share it.
//
// It reads strict DER and reports whether it could; its callers decide what a
// request or a response means. Reading does not copy: the results are parts of
// the input.
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

// Tag returns the EXPLICIT context-specific tag with this number. RFC 6960 has
// few others.
func Tag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// IsNullOrAbsent reports whether the parameters of an algorithm are NULL or
// absent. RFC 5754 §2 requires receivers to accept both for a hash.
func IsNullOrAbsent(parameters []byte) bool {
	return len(parameters) == 0 || bytes.Equal(parameters, []byte{0x05, 0x00})
}
