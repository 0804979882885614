// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// kind is a choice of GeneralName: its tag number (RFC 5280 §4.2.1.6).
type kind uint8

const (
	otherName kind = iota
	rfc822Name
	dNSName
	x400Address
	directoryName
	ediPartyName
	uniformResourceIdentifier
	iPAddress
	registeredID
)

func (k kind) String() string {
	return [...]string{
		"an otherName", "an rfc822Name", "a dNSName", "an x400Address", "a directoryName", "an ediPartyName",
		"a uniformResourceIdentifier", "an iPAddress", "a registeredID",
	}[k]
}

// readGeneralName reads a GeneralName. The alternatives that are SEQUENCEs are
// constructed, and so is directoryName, whose tag is explicit because Name is a
// CHOICE.
func readGeneralName(s *cryptobyte.String) (kind, cryptobyte.String, bool) {
	for k := otherName; k <= registeredID; k++ {
		tag := cbasn1.Tag(k).ContextSpecific()
		switch k {
		case otherName, x400Address, directoryName, ediPartyName:
			tag = tag.Constructed()
		}
		if s.PeekASN1Tag(tag) {
			var value cryptobyte.String
			return k, value, s.ReadASN1(&value, tag)
		}
	}
	return 0, nil, false
}

// name is a name of a certificate, as far as it can be compared.
type name struct {
	kind kind
	// value is the name as the certificate writes it.
	value []byte
	// unfit says why the name cannot be compared; empty if it can.
	unfit string

	host string // in lower case
	// wildcard: host is what follows "*.".
	wildcard bool
	local    string
	address  []byte
	dn       distinguishedName
}

func (n *name) String() string {
	switch n.kind {
	case rfc822Name, dNSName, uniformResourceIdentifier:
		return fmt.Sprintf("%s %.80q", n.kind, n.value)
	}
	return fmt.Sprintf("%s %.40x", n.kind, n.value)
}

// flaw says why the name cannot be compared with a subtree of its kind; empty
// if it can.
func (n *name) flaw() string {
	switch n.kind {
	case rfc822Name, dNSName, directoryName, uniformResourceIdentifier, iPAddress:
		return n.unfit
	}
	return "is of a kind that is not compared"
}

var oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

var errAltNames = errors.New("malformed subjectAltName")

// namesOf returns all names to which constraints apply: a subject that is not
// empty, the e-mail addresses in it, and the subjectAltName (RFC 5280
// §4.2.1.10).
func namesOf(c *x509.Certificate) ([]name, error) {
	// 1. The subject. The e-mail addresses count even if the subjectAltName has
	// others: the RFC requires that only where there is none.
	subject := name{kind: directoryName, value: c.RawSubject}
	dn, ok := readDirectoryName(c.RawSubject)
	if !ok {
		return nil, errors.New("malformed subject")
	}
	subject.dn = dn
	var names []name
	if len(dn.certain) > 0 {
		names = append(names, subject)
	}
	for _, address := range dn.emailAddresses {
		if address.tag != cbasn1.IA5String {
			names = append(names, name{kind: rfc822Name, value: address.value, unfit: "is not an IA5String"})
			continue
		}
		names = append(names, newName(rfc822Name, address.value))
	}
	// 2. The subjectAltName.
	for _, ext := range c.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		input := cryptobyte.String(ext.Value)
		var list cryptobyte.String
		if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !input.Empty() {
			return nil, errAltNames
		}
		for !list.Empty() {
			k, value, ok := readGeneralName(&list)
			if !ok {
				return nil, errAltNames
			}
			names = append(names, newName(k, value))
			// A mailbox outside ASCII is constrained like any other (RFC 9598 §6).
			if k == otherName && isSMTPUTF8Mailbox(value) {
				names = append(names, name{kind: rfc822Name, value: value, unfit: "is an SmtpUTF8Mailbox, which is not compared"})
			}
		}
	}
	return names, nil
}

func newName(k kind, value []byte) name {
	n, ok := name{kind: k, value: value}, false
	switch k {
	case dNSName:
		n.host, n.wildcard, ok = readDNSName(string(value))
		n.unfit = "is not a host name"
	case uniformResourceIdentifier:
		n.host, ok = hostOf(string(value))
		n.unfit = "has no host name"
	case rfc822Name:
		n.local, n.host, ok = readMailbox(string(value))
		n.unfit = "is not a mailbox"
	case iPAddress:
		n.address, ok = value, len(value) == 4 || len(value) == 16
		n.unfit = "is not an address"
	case directoryName:
		n.dn, ok = readDirectoryName(value)
		n.unfit = "is malformed"
	}
	if ok {
		n.unfit = ""
	}
	return n
}

// id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9 (RFC 9598 §3).
var oidSMTPUTF8Mailbox = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 9}

func isSMTPUTF8Mailbox(value cryptobyte.String) bool {
	var oid asn1.ObjectIdentifier
	return value.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidSMTPUTF8Mailbox)
}
