// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Extension is one of the Extensions of a message (RFC 5280 §4.2).
type Extension struct {
	// ID is the content of the object identifier.
	ID       []byte
	Critical bool
	Value    []byte
}

// The faults of Extensions.
var (
	ErrExtensions     = errors.New("malformed extensions")
	ErrExtensionTwice = errors.New("an extension occurs twice")
)

// ReadExtensions reads the content of an explicitly tagged Extensions: at least
// one, and none twice (RFC 5280 §4.2). It calls visit for each, in order, and
// returns the first error of visit, [ErrExtensions] or [ErrExtensionTwice].
func ReadExtensions(tagged cryptobyte.String, visit func(Extension) error) error {
	var list cryptobyte.String
	if !tagged.ReadASN1(&list, cbasn1.SEQUENCE) || !tagged.Empty() || list.Empty() {
		return ErrExtensions
	}
	var ids [][]byte
	for !list.Empty() {
		var ext, id, value cryptobyte.String
		var critical bool
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ReadOID(&ext, &id) {
			return ErrExtensions
		}
		// DER omits a DEFAULT, but some encoders write it.
		if ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) {
			return ErrExtensions
		}
		if !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return ErrExtensions
		}
		ids = append(ids, id)
		if err := visit(Extension{id, critical, value}); err != nil {
			return err
		}
	}
	if repeats(ids) {
		return ErrExtensionTwice
	}
	return nil
}

// repeats reports whether an identifier occurs twice. A stranger may send
// thousands: for that many, it does not compare each with each. For the few in
// a staple, it does not allocate.
func repeats(ids [][]byte) bool {
	if len(ids) > 8 {
		ids = slices.Clone(ids)
		slices.SortFunc(ids, bytes.Compare)
		return len(slices.CompactFunc(ids, bytes.Equal)) != len(ids)
	}
	for i, id := range ids {
		for _, other := range ids[:i] {
			if bytes.Equal(other, id) {
				return true
			}
		}
	}
	return false
}
