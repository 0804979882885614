// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// encodeOID is the content of an OBJECT IDENTIFIER. DER has one encoding for
// each, so that those of a response are compared as they stand.
func encodeOID(arcs ...int) string {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(arcs)
	var content cryptobyte.String
	der := cryptobyte.String(b.BytesOrPanic())
	der.ReadASN1(&content, cbasn1.OBJECT_IDENTIFIER)
	return string(content)
}

// readOID reads the content of an OBJECT IDENTIFIER: at least one subidentifier,
// each in as few bytes as it takes, the last one complete (X.690 §8.19).
func readOID(input *cryptobyte.String, oid *cryptobyte.String) bool {
	if !input.ReadASN1(oid, cbasn1.OBJECT_IDENTIFIER) {
		return false
	}
	inside := false // a subidentifier
	for _, c := range *oid {
		if !inside && c == 0x80 {
			return false
		}
		inside = c >= 0x80
	}
	return len(*oid) > 0 && !inside
}
