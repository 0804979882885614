// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// parseExtensions reads an optional, explicitly tagged Extensions. Nothing in
// an extension changes what a staple proves, so a critical one, which demands
// to be understood, is refused (RFC 5280 §4.2).
func parseExtensions(input *cryptobyte.String, tag cbasn1.Tag, allow allowance) error {
	var tagged, list cryptobyte.String
	var present bool
	if !input.ReadOptionalASN1(&tagged, &present, tag) {
		return fail(Malformed, "malformed extensions")
	}
	if !present {
		return nil
	}
	if !tagged.ReadASN1(&list, cbasn1.SEQUENCE) || !tagged.Empty() || list.Empty() {
		return fail(Malformed, "malformed extensions")
	}
	var seen [][]byte
	for !list.Empty() {
		var ext, oid, value cryptobyte.String
		var critical bool
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !readOID(&ext, &oid) {
			return fail(Malformed, "malformed extensions")
		}
		if ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) {
			return fail(Malformed, "malformed extensions")
		}
		if !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return fail(Malformed, "malformed extensions")
		}
		for _, other := range seen {
			if bytes.Equal(other, oid) {
				return fail(Malformed, "an extension occurs twice")
			}
		}
		seen = append(seen, oid)
		if critical && !allow.understands(oid) {
			return fail(Malformed, "a critical extension that is not understood")
		}
	}
	return nil
}
