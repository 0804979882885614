// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// distinguishedName is a Name, with each RDN as a text that is equal for equal
// RDNs (RFC 5280 §7.1).
type distinguishedName struct {
	// certain has equal texts only for RDNs that are equal for sure, and possible
	// for all that may be equal.
	certain, possible []string
	// emailAddresses are the attributes of this type (§4.1.2.6).
	emailAddresses []attributeValue
}

type attributeValue struct {
	tag   cbasn1.Tag
	value []byte
}

// hasPrefix reports whether a sequence of RDNs begins with another.
func hasPrefix(rdns, prefix []string) bool {
	return len(rdns) >= len(prefix) && slices.Equal(rdns[:len(prefix)], prefix)
}

const emailAddress = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" // 1.2.840.113549.1.9.1 in DER

// readDirectoryName reads a DER Name. The order of RDNs matters, that of the
// attributes of one RDN does not.
func readDirectoryName(der []byte) (dn distinguishedName, ok bool) {
	input, list := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !input.Empty() {
		return distinguishedName{}, false
	}
	for !list.Empty() {
		var rdn cryptobyte.String
		if !list.ReadASN1(&rdn, cbasn1.SET) || rdn.Empty() {
			return distinguishedName{}, false
		}
		var certain, possible []string
		for !rdn.Empty() {
			var attribute, oid, value cryptobyte.String
			var tag cbasn1.Tag
			if !rdn.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
				!attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
				return distinguishedName{}, false
			}
			if string(oid) == emailAddress {
				dn.emailAddresses = append(dn.emailAddresses, attributeValue{tag, value})
			}
			certain = append(certain, join(string(oid), certainText(tag, value)))
			possible = append(possible, join(string(oid), possibleText(tag, value)))
		}
		slices.Sort(certain)
		slices.Sort(possible)
		dn.certain = append(dn.certain, join(certain...))
		dn.possible = append(dn.possible, join(possible...))
	}
	return dn, true
}

// join makes one text of several, so that different ones make different texts.
func join(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return b.String()
}

// The string types of a DirectoryString and others that pkg asn1 does not name
// (X.680 §8.4).
const (
	numericString   = cbasn1.Tag(18)
	visibleString   = cbasn1.Tag(26)
	universalString = cbasn1.Tag(28)
	bmpString       = cbasn1.Tag(30)
)

// certainText returns what an attribute value is compared by, for subtrees that
// permit. PrintableString, UTF8String and IA5String are compared as text (RFC
// 5280 §7.1, §7.3): ASCII letters without regard to case, ASCII white space as
// insignificant (RFC 4518 §2.6.1), everything else exactly. Values of other types are
// equal only byte for byte.
func certainText(tag cbasn1.Tag, value []byte) string {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String:
		if utf8.Valid(value) {
			return "=" + trimmed(lower(string(value)), func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' })
		}
	}
	return fmt.Sprintf("%d=%s", tag, value)
}

// possibleText returns what an attribute value is compared by, for subtrees
// that exclude. Every string type is compared as text, after the steps of RFC
// 4518 §2 that need no tables beyond those of package unicode: all white space
// is insignificant, control and format characters count for nothing, and
// letters are equal under simple case folding. There is no normalization (§2.3).
func possibleText(tag cbasn1.Tag, value []byte) string {
	text, ok := decode(tag, value)
	if !ok {
		return fmt.Sprintf("%d=%s", tag, value)
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector), r == 0x034f, r == 0x1806, r == 0xfffc:
			return -1
		}
		return folded(r)
	}, text)
	return "=" + trimmed(text, unicode.IsSpace)
}

// decode returns the text of a value of a string type.
func decode(tag cbasn1.Tag, value []byte) (string, bool) {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, visibleString, numericString:
		return string(value), true
	case cbasn1.T61String:
		// As Latin-1, which is what writers mean by it.
		runes := make([]rune, len(value))
		for i, b := range value {
			runes[i] = rune(b)
		}
		return string(runes), true
	case bmpString:
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(value[2*i:])
		}
		return string(utf16.Decode(units)), len(value)%2 == 0
	case universalString:
		runes := make([]rune, len(value)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(value[4*i:]))
		}
		return string(runes), len(value)%4 == 0
	}
	return "", false
}

// folded returns the smallest of the code points that simple case folding makes
// equal.
func folded(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// trimmed removes spaces at both ends, and makes one of several between words.
func trimmed(text string, space func(rune) bool) string {
	return strings.Join(strings.FieldsFunc(text, space), " ")
}
