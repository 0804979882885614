// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// GeneralName is a GeneralName in DER (RFC 5280 §4.2.1.6), or what stands in
// the place of one.
type GeneralName []byte

// DNS returns a dNSName.
func DNS(name string) GeneralName { return tagged(2, []byte(name)) }

// Mail returns an rfc822Name.
func Mail(address string) GeneralName { return tagged(1, []byte(address)) }

// URI returns a uniformResourceIdentifier.
func URI(uri string) GeneralName { return tagged(6, []byte(uri)) }

// IP returns an iPAddress: an address, or with a mask as a constraint.
func IP(octets ...byte) GeneralName { return tagged(7, octets) }

// Registered returns a registeredID with the content octets of an OID.
func Registered(oid ...byte) GeneralName { return tagged(8, oid) }

// Directory returns a directoryName of the RDNs, the most significant first.
func Directory(rdns ...[]byte) GeneralName { return tlv(explicit(4), DirectoryName(rdns...)) }

// Other returns an otherName of this type with a UTF8String.
func Other(oid asn1.ObjectIdentifier, value string) GeneralName {
	return tlv(explicit(0), oidOf(oid), tlv(explicit(0), tlv(cbasn1.UTF8String, []byte(value))))
}

// DirectoryName returns a Name in DER.
func DirectoryName(rdns ...[]byte) []byte { return tlv(cbasn1.SEQUENCE, rdns...) }

// RDN returns a RelativeDistinguishedName of the attributes, in this order.
func RDN(attributes ...[]byte) []byte { return tlv(cbasn1.SET, attributes...) }

// Attribute returns an attribute whose type is below 2.5.4, such as 3 for the
// common name, with a value of a string type.
func Attribute(number int, tag cbasn1.Tag, value string) []byte {
	return tlv(cbasn1.SEQUENCE, oidOf(asn1.ObjectIdentifier{2, 5, 4, number}), tlv(tag, []byte(value)))
}

// EmailAddress returns an attribute emailAddress (RFC 5280 §4.1.2.6).
func EmailAddress(tag cbasn1.Tag, value string) []byte {
	return tlv(cbasn1.SEQUENCE, oidOf(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}), tlv(tag, []byte(value)))
}

// Constraints makes the extension nameConstraints (RFC 5280 §4.2.1.10).
type Constraints struct {
	NotCritical         bool
	Permitted, Excluded []GeneralName
	// Distance, if not empty, follows the base of each subtree: minimum and
	// maximum.
	Distance []byte
	// Raw, if not nil, is the value of the extension.
	Raw []byte
}

// Edit adds the extension to a certificate.
func (c Constraints) Edit(t *Template) {
	value := c.Raw
	if value == nil {
		value = tlv(cbasn1.SEQUENCE, c.subtrees(0, c.Permitted), c.subtrees(1, c.Excluded))
	}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 30}, Critical: !c.NotCritical, Value: value})
}

func (c Constraints) subtrees(n uint8, bases []GeneralName) []byte {
	if bases == nil {
		return nil
	}
	var list [][]byte
	for _, base := range bases {
		list = append(list, tlv(cbasn1.SEQUENCE, base, c.Distance))
	}
	return tlv(explicit(n), list...)
}

// AltNames replaces the names in a certificate's subjectAltName.
func AltNames(names ...GeneralName) Edit {
	return func(t *Template) {
		t.URIs, t.DNSNames, t.EmailAddresses, t.IPAddresses = nil, nil, nil, nil
		var list [][]byte
		for _, name := range names {
			list = append(list, name)
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 17}, Value: tlv(cbasn1.SEQUENCE, list...)})
	}
}

// SubjectDER replaces the subject of a certificate by a Name in DER.
func SubjectDER(name []byte) Edit { return func(t *Template) { t.RawSubject = name } }

func tagged(n uint8, content []byte) []byte { return tlv(cbasn1.Tag(n).ContextSpecific(), content) }

func oidOf(oid asn1.ObjectIdentifier) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	return b.BytesOrPanic()
}
