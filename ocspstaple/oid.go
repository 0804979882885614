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
