// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The names are few, so that they meet often. Those that openssl 3.0 reads
// otherwise than RFC 3986 are not among them: URIs with userinfo, which it takes for
// part of the host, and those whose authority ends at "?" or "#", or at a
// slash before a colon. Nor is a common name with a dot, which it takes for a DNS name
// where the leaf has none, nor an emailAddress that is not an IA5String.
var (
	hosts = []string{"a.example", "b.a.example", "c.b.a.example", "A.EXAMPLE", "d.example", "xa.example", "example"}
	users = []string{"u", "U", "v.w"}

	otherNames = []testca.GeneralName{
		testca.Other([]int{1, 3, 6, 1, 4, 1, 32473, 1}, "x"),
		testca.Other([]int{1, 3, 6, 1, 4, 1, 32473, 2}, "x"),
		testca.Other([]int{1, 3, 6, 1, 5, 5, 7, 8, 9}, "ü@a.example"), // SmtpUTF8Mailbox
		testca.Registered(0x2a, 3),
	}
	// Some of them are equal, to RFC 5280 §7.1 or to openssl.
	organizations = [][]byte{
		organization(cbasn1.PrintableString, "Example"),
		organization(cbasn1.UTF8String, "  EXAMPLE "),
		organization(cbasn1.PrintableString, "Evil"),
		organization(cbasn1.Tag(30), "\x00e\x00v\x00i\x00l"),
		organization(cbasn1.T61String, "EVIL"),
		organization(cbasn1.IA5String, "example"),
		organization(cbasn1.UTF8String, "Évil"),
		organization(cbasn1.UTF8String, "évil"),
		testca.RDN(testca.Attribute(10, cbasn1.UTF8String, "Example"), testca.Attribute(11, cbasn1.UTF8String, "Unit")),
	}
	country = testca.RDN(testca.Attribute(6, cbasn1.PrintableString, "US"))
)

func organization(tag cbasn1.Tag, value string) []byte {
	return testca.RDN(testca.Attribute(10, tag, value))
}

// kind is a kind of name.
type kind int

const (
	dns kind = iota
	uri
	mail
	ip
	directory
	others
	mixed // of a path: no kind in particular
)

// kind returns that of the next name: mostly the kind that the path is about, so
// that names and constraints meet.
func (s *scenario) kind() kind {
	if s.about != mixed && s.random.IntN(8) > 0 {
		return s.about
	}
	return kind(s.random.IntN(int(mixed)))
}

func one[T any](s *scenario, list []T) T { return list[s.random.IntN(len(list))] }

// subject returns a Name that ends with this common name.
func (s *scenario) subject(commonName string) []byte {
	var rdns [][]byte
	if s.random.IntN(4) == 0 {
		rdns = append(rdns, country)
	}
	if s.random.IntN(4) > 0 {
		rdns = append(rdns, one(s, organizations))
	}
	if s.sometimes(16, "an emailAddress") {
		rdns = append(rdns, testca.RDN(testca.EmailAddress(cbasn1.IA5String, one(s, users)+"@"+one(s, hosts))))
	}
	return testca.DirectoryName(append(rdns, testca.RDN(testca.Attribute(3, cbasn1.UTF8String, commonName)))...)
}

// names returns what a subjectAltName has: one name, or a few.
func (s *scenario) names() []testca.GeneralName {
	names := make([]testca.GeneralName, 1+s.random.IntN(6)/4*(1+s.random.IntN(2)))
	for i := range names {
		names[i] = s.name()
	}
	return names
}

func (s *scenario) name() testca.GeneralName {
	switch s.kind() {
	case dns:
		if s.sometimes(5, "a wildcard") {
			return testca.DNS("*." + one(s, hosts))
		}
		return testca.DNS(one(s, hosts))
	case uri:
		return testca.URI(s.uri())
	case mail:
		return testca.Mail(one(s, users) + "@" + one(s, hosts))
	case ip:
		return testca.IP(s.address()...)
	case directory:
		return testca.Directory(one(s, organizations))
	}
	s.features["a name of a kind that is not compared"] = true
	return one(s, otherNames)
}

func (s *scenario) uri() string {
	switch s.random.IntN(8) {
	case 0:
		return "https://" + one(s, hosts) + ":8443/x"
	case 1:
		return one(s, []string{"urn:example:x", "https://10.0.0.1/x", "https://[::1]/x", "file:///x"})
	case 2:
		return "https://" + one(s, hosts)
	}
	return "spiffe://" + one(s, hosts) + "/x"
}

func (s *scenario) address() []byte {
	if s.random.IntN(2) == 0 {
		return []byte{one(s, []byte{10, 11}), one(s, []byte{0, 1}), 0, 1}
	}
	return append([]byte{0x20, 1, one(s, []byte{13, 14})}, make([]byte, 13)...)
}

// constraints returns nameConstraints with a few subtrees.
func (s *scenario) constraints() testca.Edit {
	var c testca.Constraints
	for range 1 + s.random.IntN(6)/4 {
		base := s.base()
		if s.random.IntN(2) == 0 {
			// A permitted subtree alone refuses most names of its kind.
			c.Permitted = append(c.Permitted, base)
			for range s.random.IntN(3) {
				c.Permitted = append(c.Permitted, s.base())
			}
		} else {
			c.Excluded = append(c.Excluded, base)
		}
	}
	c.NotCritical = s.sometimes(2, "name constraints that are not critical")
	switch {
	case s.sometimes(40, "a minimum"):
		c.Distance = []byte{0x80, 1, one(s, []byte{0, 1})}
	case s.sometimes(40, "a maximum"):
		c.Distance = []byte{0x81, 1, 9}
	}
	return c.Edit
}

// base returns the base of a subtree, in every form.
func (s *scenario) base() testca.GeneralName {
	domain := func() string {
		switch s.random.IntN(6) {
		case 0:
			return "." + one(s, hosts)
		case 1:
			return one(s, []string{"", "example", ".example"})
		}
		return one(s, hosts)
	}
	switch s.kind() {
	case dns:
		if s.sometimes(12, "a base that is not a host") {
			return testca.DNS("*." + one(s, hosts))
		}
		return testca.DNS(domain())
	case uri:
		return testca.URI(domain())
	case mail:
		if s.random.IntN(3) == 0 {
			return testca.Mail(one(s, users) + "@" + one(s, hosts))
		}
		return testca.Mail(domain())
	case ip:
		address := s.address()
		mask := make([]byte, len(address))
		for i := range 1 + s.random.IntN(3) {
			mask[i] = 0xff
		}
		return testca.IP(append(address, mask...)...)
	case directory:
		switch s.random.IntN(5) {
		case 0:
			return testca.Directory()
		case 1:
			return testca.Directory(country)
		case 2:
			return testca.Directory(country, one(s, organizations))
		}
		return testca.Directory(one(s, organizations))
	}
	s.features["constraints on a kind that is not compared"] = true
	return one(s, otherNames)
}
