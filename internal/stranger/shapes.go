// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stranger

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Shape is a kind of certificate. Make grows it to a size in bytes, between the
// names that the certificates beside it bear.
type Shape struct {
	Name string
	Make func(size int, at Place) []byte
}

// Place is where in a chain a certificate stands: between which names, and at
// which position, so that no two are the same.
type Place struct {
	Issuer, Subject []byte
	Number          byte
}

func (p Place) serial() []byte { return []byte{1 + p.Number} }

// Try makes a certificate of at most so many bytes, if there is one.
func (s Shape) Try(size int) ([]byte, bool) {
	der := s.Make(size, Place{})
	return der, der != nil
}

// Extensions that are parsed.
const (
	oidSAN         = "2.5.29.17"
	oidConstraints = "2.5.29.30"
	oidCRL         = "2.5.29.31"
	oidPolicies    = "2.5.29.32"
	oidMappings    = "2.5.29.33"
	oidEKU         = "2.5.29.37"
	oidAIA         = "1.3.6.1.5.5.7.1.1"
)

// Shapes lists the certificates that cost most to parse for their size.
func Shapes() []Shape {
	list := func(name, oid string, element func(i int) []byte) Shape {
		return Shape{name, func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: at.Subject, Extensions: [][]byte{Extension(oid, elements(n, element))}}
			})
		}}
	}
	one := func(name, oid string, value func(n int) []byte) Shape {
		return Shape{name, func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: at.Subject, Extensions: [][]byte{Extension(oid, value(n))}}
			})
		}}
	}
	uri := func(text string) func(int) []byte {
		return func(int) []byte { return tlv(implicit(6), []byte(text)) }
	}
	short := func(i int) []byte {
		return tlv(cbasn1.OBJECT_IDENTIFIER, []byte{0x2a, byte(0x81 + i>>7), byte(i & 0x7f)})
	}
	subtrees := func(name string, element func(i int) []byte) Shape {
		return one(name, oidConstraints, func(n int) []byte {
			return sequence(tlv(explicit(0), content(n, element)))
		})
	}
	shapes := []Shape{
		{"extensions", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				c := Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: at.Subject}
				for i := range n {
					c.Extensions = append(c.Extensions, sequence(short(i), tlv(cbasn1.OCTET_STRING)))
				}
				return c
			})
		}},
		{"one extension of a long identifier", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: at.Subject, Extensions: [][]byte{
					sequence(tlv(cbasn1.OBJECT_IDENTIFIER, bytes.Repeat([]byte{0x7f}, n)), tlv(cbasn1.OCTET_STRING))}}
			})
		}},
		list("policies", oidPolicies, func(i int) []byte { return sequence(short(i)) }),
		list("policy mappings", oidMappings, func(int) []byte { return sequence([]byte{6, 0, 6, 0}) }),
		list("extended key usages", oidEKU, func(int) []byte { return []byte{6, 1, 0x2a} }),
		list("one long extended key usage", oidEKU, nil),
		list("DNS names", oidSAN, func(int) []byte { return tlv(implicit(2)) }),
		list("names of a kind that is not read", oidSAN, func(int) []byte { return tlv(implicit(8)) }),
		list("empty URIs", oidSAN, uri("")),
		list("short URIs", oidSAN, uri("a://b/%20")),
		list("URIs of 90 bytes", oidSAN, uri("spiffe://"+strings.Repeat("a.", 20)+"b/"+strings.Repeat("%20", 13))),
		one("one long URI", oidSAN, func(n int) []byte { return sequence(uri("a://b/" + strings.Repeat("%20", n))(0)) }),
		one("one long URI of many labels", oidSAN, func(n int) []byte { return sequence(uri("a://" + strings.Repeat("a.", n) + "b")(0)) }),
		one("one long URI that is malformed", oidSAN, func(n int) []byte { return sequence(uri("a://b/" + strings.Repeat("\x01", n))(0)) }),
		one("one long URI without a domain", oidSAN, func(n int) []byte { return sequence(uri("a://" + strings.Repeat("'", n) + ".")(0)) }),
		list("CRL distribution points", oidCRL, func(int) []byte { return sequence() }),
		one("names of a CRL distribution point", oidCRL, func(n int) []byte {
			return sequence(sequence(tlv(explicit(0), tlv(explicit(0), content(n, func(int) []byte { return tlv(implicit(6)) })))))
		}),
		list("authority information access", oidAIA, func(int) []byte { return sequence(OID("1.3.6.1.5.5.7.48.1"), tlv(implicit(6))) }),
		list("authority information access of short methods", oidAIA, func(int) []byte { return sequence([]byte{6, 1, 0x2a}) }),
		subtrees("DNS name constraints", func(int) []byte { return sequence(tlv(implicit(2))) }),
		subtrees("mail constraints", func(int) []byte { return sequence(tlv(implicit(1), []byte("a@b"))) }),
		subtrees("IP constraints", func(int) []byte { return sequence(tlv(implicit(7), make([]byte, 8))) }),
		subtrees("URI constraints", func(int) []byte { return sequence(tlv(implicit(6))) }),
		one("one long mail constraint", oidConstraints, func(n int) []byte {
			return sequence(tlv(explicit(0), sequence(tlv(implicit(1), []byte(strings.Repeat(`\a`, n)+"@b")))))
		}),
		one("one long quoted mail constraint", oidConstraints, func(n int) []byte {
			return sequence(tlv(explicit(0), sequence(tlv(implicit(1), []byte(`"`+strings.Repeat(`\a`, n)+`"@b`)))))
		}),
		one("one long constraint that is malformed", oidConstraints, func(n int) []byte {
			return sequence(tlv(explicit(0), sequence(tlv(implicit(2), bytes.Repeat([]byte{1}, n)))))
		}),
		{"a long serial number", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: append(bytes.Repeat([]byte{0x5a}, n), at.serial()...), Issuer: at.Issuer, Subject: at.Subject}
			})
		}},
		keyed("RSA of a long modulus", func(n int) []byte { return RSA(ones(8*n), big.NewInt(65537)) }),
		keyed("RSA of a long exponent", func(n int) []byte { return RSA(ones(2048), ones(8*n)) }),
		keyed("DSA", func(n int) []byte {
			return Key("1.2.840.10040.4.1", sequence(integer(ones(8*n)), integer(ones(8)), integer(ones(8))), integer(ones(8)))
		}),
		keyed("P-256", func(n int) []byte { return padded(testca.P256, n) }),
		keyed("P-384", func(n int) []byte { return padded(testca.P384, n) }),
		keyed("P-521", func(n int) []byte { return padded(testca.P521, n) }),
		keyed("Ed25519", func(n int) []byte { return padded(testca.Ed25519, n) }),
		keyed("RSA 4096", func(n int) []byte { return RSA(ones(4096), new(big.Int).SetUint64(1<<31-1)) }),
		keyed("an unknown kind of key", func(n int) []byte {
			return sequence(sequence(tlv(cbasn1.OBJECT_IDENTIFIER, bytes.Repeat([]byte{0x7f}, n))), tlv(cbasn1.BIT_STRING, []byte{0}))
		}),
	}
	for _, kind := range []struct {
		name string
		tag  cbasn1.Tag
		text string
	}{
		{"UTF-8", cbasn1.UTF8String, "ä"}, {"T.61", cbasn1.T61String, "\xe4"}, {"BMP", cbasn1.Tag(30), "\x00\xe4"}, {"printable", cbasn1.PrintableString, "a"},
	} {
		shapes = append(shapes, Shape{"a subject of one long attribute in " + kind.name, func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: sequence(tlv(cbasn1.SET, sequence(OID("2.5.4.3"), tlv(kind.tag, []byte(strings.Repeat(kind.text, n))))))}
			})
		}})
	}
	attributes := func(name, oid string) Shape {
		return Shape{name, func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				attribute := sequence(OID(oid), tlv(cbasn1.PrintableString))
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: sequence(bytes.Repeat(tlv(cbasn1.SET, attribute), n))}
			})
		}}
	}
	shapes = append(shapes,
		attributes("subject of many organizational units", "2.5.4.11"),
		attributes("subject of many attributes of no meaning", "0.0"),
		Shape{"subject of one RDN of many attributes", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: sequence(tlv(cbasn1.SET, bytes.Repeat(sequence(OID("2.5.4.11"), tlv(cbasn1.PrintableString)), n)))}
			})
		}},
		Shape{"subject of many empty RDNs", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: sequence(bytes.Repeat(tlv(cbasn1.SET), n))}
			})
		}},
		Shape{"subject with a long identifier", func(size int, at Place) []byte {
			return Grown(size, func(n int) Certificate {
				return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: sequence(tlv(cbasn1.SET, sequence(tlv(cbasn1.OBJECT_IDENTIFIER, bytes.Repeat([]byte{0x7f}, n)), tlv(cbasn1.PrintableString))))}
			})
		}},
	)
	return shapes
}

// keyed is a certificate of this key.
func keyed(name string, key func(n int) []byte) Shape {
	return Shape{name, func(size int, at Place) []byte {
		return Grown(size, func(n int) Certificate {
			return Certificate{Serial: at.serial(), Issuer: at.Issuer, Subject: at.Subject, Key: key(n)}
		})
	}}
}

// elements is a SEQUENCE OF n elements; without a function, of one identifier
// of n bytes.
func elements(n int, element func(i int) []byte) []byte {
	if element == nil {
		return sequence(tlv(cbasn1.OBJECT_IDENTIFIER, bytes.Repeat([]byte{0x7f}, n)))
	}
	return sequence(content(n, element))
}

func content(n int, element func(i int) []byte) []byte {
	var all []byte
	for i := range n {
		all = append(all, element(i)...)
	}
	return all
}

// ones is a number of so many bits, all of them set.
func ones(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	return n.Sub(n, big.NewInt(1))
}

// RSA encodes a key, whatever its numbers.
func RSA(modulus, exponent *big.Int) []byte {
	return Key("1.2.840.113549.1.1.1", []byte{5, 0}, RSAKey(modulus, exponent))
}

// RSAKey encodes an RSAPublicKey (RFC 8017 §A.1.1).
func RSAKey(modulus, exponent *big.Int) []byte { return sequence(integer(modulus), integer(exponent)) }

// Key encodes a SubjectPublicKeyInfo. The parameters are in DER.
func Key(oid string, parameters, key []byte) []byte {
	return sequence(sequence(OID(oid), parameters), tlv(cbasn1.BIT_STRING, []byte{0}, key))
}

// padded is the key of a kind: the algorithm carries what fills the
// certificate, if its parser ignores it.
func padded(kind testca.Kind, n int) []byte {
	return spki(testca.Key(kind, fmt.Sprint("stranger ", n%4)).Public())
}

func spki(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return der
}
