// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certname names certificates as every message of stapled does: by the
// whole subject, because many CAs have no common name; in quotes and on one
// line; and at a bounded length and cost, because anybody can write a
// certificate.
package certname

import (
	"crypto/x509"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Names longer than this many bytes are cut.
const maxLength = 120

// Of names a certificate by its subject: "CN=Example CA,O=Example". If the
// subject is empty, it uses the first URI or DNS name, or else the serial
// number.
func Of(c *x509.Certificate) string {
	if subject := quote(c.RawSubject); subject != emptyName {
		return subject
	}
	var n text
	switch {
	case len(c.URIs) > 0:
		n.value([]byte("URI:" + c.URIs[0].String()))
	case len(c.DNSNames) > 0:
		n.value([]byte("DNS:" + c.DNSNames[0]))
	case c.SerialNumber != nil:
		return fmt.Sprintf("serial 0x%.40s", c.SerialNumber.Text(16))
	}
	return n.quoted()
}

// IssuerOf returns the name that a certificate gives for its issuer.
func IssuerOf(c *x509.Certificate) string { return quote(c.RawIssuer) }

const emptyName = `""`

// attributeTypes are the short names of RFC 4514 §3, plus other common ones.
var attributeTypes = map[string]string{
	"\x55\x04\x03": "CN", "\x55\x04\x05": "serialNumber", "\x55\x04\x06": "C", "\x55\x04\x07": "L", "\x55\x04\x08": "ST",
	"\x55\x04\x09": "STREET", "\x55\x04\x0a": "O", "\x55\x04\x0b": "OU",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19": "DC",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "emailAddress",
}

// quote writes a DER Name as RFC 4514 §2 does: the last RDN first. Package pkix
// takes time quadratic in the length of a name.
func quote(der []byte) string {
	// 1. The last RDNs: no more than this many fit.
	const most = maxLength / len("CN=,")
	var last [most]cryptobyte.String
	name, count := cryptobyte.String(der), 0
	if !name.ReadASN1(&name, cbasn1.SEQUENCE) {
		return malformed
	}
	for ; !name.Empty(); count++ {
		if !name.ReadASN1(&last[count%most], cbasn1.SET) {
			return malformed
		}
	}
	// 2. Their attributes, in reverse order.
	var n text
	for i := count - 1; i >= max(0, count-most) && !n.full; i-- {
		if i < count-1 {
			n.put(",")
		}
		for rdn, first := last[i%most], true; !rdn.Empty() && !n.full; first = false {
			var attribute, oid, value cryptobyte.String
			var tag cbasn1.Tag
			if !rdn.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
				!attribute.ReadAnyASN1(&value, &tag) {
				return malformed
			}
			if !first {
				n.put("+")
			}
			n.attribute(oid, tag, value)
		}
	}
	if count > most {
		n.cut()
	}
	return n.quoted()
}

const malformed = "an unreadable name"

// text is a name under construction. It is cut at maxLength.
type text struct {
	strings.Builder
	full bool
}

func (n *text) put(part string) {
	switch {
	case n.full:
	case n.Len()+len(part) > maxLength:
		n.cut()
	default:
		n.WriteString(part)
	}
}

func (n *text) cut() {
	if !n.full {
		n.full = true
		n.WriteString("…")
	}
}

func (n *text) quoted() string { return `"` + n.String() + `"` }

func (n *text) attribute(oid []byte, tag cbasn1.Tag, value []byte) {
	short, known := attributeTypes[string(oid)]
	if !known {
		short = dotted(oid)
	}
	n.put(short + "=")
	const bmpString, universalString = cbasn1.Tag(30), cbasn1.Tag(28)
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, cbasn1.T61String, cbasn1.Tag(18), cbasn1.Tag(26):
		n.value(value)
	case bmpString:
		var units []uint16
		for i := 0; i+1 < len(value) && i < 2*maxLength; i += 2 {
			units = append(units, uint16(value[i])<<8|uint16(value[i+1]))
		}
		n.value([]byte(string(utf16.Decode(units))))
	default:
		n.put(fmt.Sprintf("#%x", value[:min(len(value), maxLength)]))
	}
}

// value escapes as RFC 4514 §2.4 does, and so that nothing escapes its quotes
// or its line: it writes unprintable bytes as pairs of hexadecimal digits.
func (n *text) value(value []byte) {
	for i := 0; i < len(value) && !n.full; {
		r, size := utf8.DecodeRune(value[i:])
		raw := value[i : i+size]
		switch {
		case r == utf8.RuneError || !unicode.IsPrint(r):
			escaped := ""
			for _, b := range raw {
				escaped += fmt.Sprintf(`\%02x`, b)
			}
			n.put(escaped)
		case strings.ContainsRune(`"\+,;<>`, r), i == 0 && (r == ' ' || r == '#'), i+size == len(value) && r == ' ':
			n.put(`\` + string(r))
		default:
			n.put(string(r))
		}
		i += size
	}
}

// dotted writes an object identifier in numbers; only its beginning if it is
// long.
func dotted(der []byte) string {
	const most = 40
	if len(der) > most {
		return "another attribute"
	}
	var oid strings.Builder
	value, first := uint64(0), true
	for _, b := range der {
		value = value<<7 | uint64(b&0x7f)
		if b&0x80 != 0 {
			continue
		}
		if first {
			top := min(value/40, 2)
			fmt.Fprintf(&oid, "%d.%d", top, value-40*top)
		} else {
			fmt.Fprintf(&oid, ".%d", value)
		}
		value, first = 0, false
	}
	return oid.String()
}
