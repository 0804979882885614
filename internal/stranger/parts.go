// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stranger

import (
	"crypto/x509"
	"encoding/asn1"
)

// Parts counts the parts of a parsed certificate, the names in its
// subjectAltName and the bytes of its lists, as docs/format.md says (rule 3.2). It shares no code with what
// it is compared with.
func Parts(c *x509.Certificate) (parts, names, bytes int) {
	parts = len(c.Issuer.Names) + len(c.Subject.Names) + 2*len(c.Extensions) +
		len(c.Policies) + len(c.PolicyMappings) + len(c.ExtKeyUsage) + len(c.UnknownExtKeyUsage)
	for _, name := range [][]byte{c.RawIssuer, c.RawSubject} {
		bytes += len(contentOf(name))
	}
	for _, ext := range c.Extensions {
		switch ext.Id.String() {
		case "2.5.29.17", "2.5.29.30", "2.5.29.31", "2.5.29.32", "2.5.29.33", "2.5.29.37", "1.3.6.1.5.5.7.1.1":
			bytes += len(contentOf(ext.Value))
		}
		switch ext.Id.String() {
		case "2.5.29.17":
			for _, name := range children(ext.Value) {
				names++
				parts++
				if name.FullBytes[0] == 0x86 {
					parts += 3
				}
			}
		case "1.3.6.1.5.5.7.1.1":
			parts += len(children(ext.Value))
		case "2.5.29.30":
			for _, list := range children(ext.Value) {
				parts += len(list.children())
			}
		case "2.5.29.31":
			for _, point := range children(ext.Value) {
				parts++
				if fields := point.children(); len(fields) > 0 && fields[0].FullBytes[0] == 0xa0 {
					if names := fields[0].children(); len(names) > 0 && names[0].FullBytes[0] == 0xa0 {
						parts += len(names[0].children())
					}
				}
			}
		}
	}
	return parts, names, bytes
}

type element asn1.RawValue

// contentOf is what a SEQUENCE holds.
func contentOf(der []byte) []byte {
	var list asn1.RawValue
	if _, err := asn1.Unmarshal(der, &list); err != nil {
		return nil
	}
	return list.Bytes
}

// children are the elements of a SEQUENCE.
func children(der []byte) []element {
	var list asn1.RawValue
	if _, err := asn1.Unmarshal(der, &list); err != nil {
		return nil
	}
	return element(list).children()
}

func (e element) children() []element {
	var all []element
	for rest := e.Bytes; len(rest) > 0; {
		var child asn1.RawValue
		next, err := asn1.Unmarshal(rest, &child)
		if err != nil {
			return append(all, element{FullBytes: rest}) // cut short; it counts too
		}
		all, rest = append(all, element(child)), next
	}
	return all
}
