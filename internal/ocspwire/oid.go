// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The contents of object identifiers (RFC 6960 Appendix B.1).
var (
	// BasicResponse is id-pkix-ocsp-basic.
	BasicResponse = encodeOID(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)
	// Nonce is id-pkix-ocsp-nonce (RFC 9654 §2.1).
	Nonce = encodeOID(1, 3, 6, 1, 5, 5, 7, 48, 1, 2)
	// ExtendedRevoke is id-pkix-ocsp-extended-revoke (RFC 6960 §4.4.8).
	ExtendedRevoke = encodeOID(1, 3, 6, 1, 5, 5, 7, 48, 1, 9)
)

// NoCheck is id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1), an extension of
// certificates.
var NoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// encodeOID returns the content of an OBJECT IDENTIFIER. DER has one encoding
// for each, so identifiers in a message can be compared byte by byte.
func encodeOID(arcs ...int) string {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(arcs)
	var content cryptobyte.String
	der := cryptobyte.String(b.BytesOrPanic())
	der.ReadASN1(&content, cbasn1.OBJECT_IDENTIFIER)
	return string(content)
}

// AddOID writes an OBJECT IDENTIFIER with this content.
func AddOID(b *cryptobyte.Builder, content string) {
	b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(content)) })
}

// ReadOID reads the content of an OBJECT IDENTIFIER: at least one
// subidentifier, each in the fewest bytes possible, the last one complete
// (X.690 §8.19).
func ReadOID(input *cryptobyte.String, oid *cryptobyte.String) bool {
	if !input.ReadASN1(oid, cbasn1.OBJECT_IDENTIFIER) {
		return false
	}
	inside := false // inside a subidentifier
	for _, c := range *oid {
		if !inside && c == 0x80 {
			return false
		}
		inside = c >= 0x80
	}
	return len(*oid) > 0 && !inside
}
