// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stranger makes what somebody without a certificate of the CA can
// send at no cost, to make a verifier work: certificates that are slow to
// parse, and tokens of every shape. Tests and benchmarks count and time them.
package stranger

import (
	"bytes"
	"math/big"
	"strconv"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is one that anybody could write: its signature verifies under no
// key. Zero fields are as small as they can be.
type Certificate struct {
	Serial          []byte   // default 1
	Issuer, Subject []byte   // Name in DER; default empty
	Key             []byte   // SubjectPublicKeyInfo in DER; default P-256
	Extensions      [][]byte // each in DER
}

// DER encodes the certificate.
func (c Certificate) DER() []byte {
	if c.Serial == nil {
		c.Serial = []byte{1}
	}
	if c.Issuer == nil {
		c.Issuer = sequence()
	}
	if c.Subject == nil {
		c.Subject = sequence()
	}
	if c.Key == nil {
		c.Key = padded(testca.P256, 0)
	}
	algorithm := sequence(OID("1.2.840.10045.4.3.2"))
	times := sequence(
		tlv(cbasn1.UTCTime, []byte(testca.Now.Add(-time.Hour).Format("060102150405Z"))),
		tlv(cbasn1.UTCTime, []byte(testca.Now.Add(time.Hour).Format("060102150405Z"))),
	)
	tbs := sequence(
		tlv(explicit(0), tlv(cbasn1.INTEGER, []byte{2})), tlv(cbasn1.INTEGER, c.Serial), algorithm,
		c.Issuer, times, c.Subject, c.Key, tlv(explicit(3), sequence(c.Extensions...)),
	)
	// Any two numbers in range are as expensive to refuse as a real signature.
	number := tlv(cbasn1.INTEGER, bytes.Repeat([]byte{0x5a}, 32))
	return sequence(tbs, algorithm, tlv(cbasn1.BIT_STRING, []byte{0}, sequence(number, number)))
}

// Grown returns the largest certificate of at most so many bytes that make
// gives for any number of parts; nil if there is none.
func Grown(size int, make func(n int) Certificate) []byte {
	step := 1
	for step < size && len(make(step).DER()) <= size {
		step *= 2
	}
	var der []byte
	for n := 0; step > 0; step /= 2 {
		if larger := make(n + step).DER(); len(larger) <= size {
			der, n = larger, n+step
		}
	}
	return der
}

// Extension encodes an extension.
func Extension(oid string, value ...[]byte) []byte {
	return sequence(OID(oid), tlv(cbasn1.OCTET_STRING, value...))
}

// OID encodes an object identifier.
func OID(dotted string) []byte {
	var parts []int
	for _, part := range bytes.Split([]byte(dotted), []byte(".")) {
		n, err := strconv.Atoi(string(part))
		if err != nil {
			panic(err)
		}
		parts = append(parts, n)
	}
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(parts)
	return b.BytesOrPanic()
}

// Name encodes n attributes, each in an RDN of its own.
func Name(n int, text string) []byte {
	attribute := tlv(cbasn1.SET, sequence(OID("2.5.4.11"), tlv(cbasn1.UTF8String, []byte(text))))
	return sequence(bytes.Repeat(attribute, n))
}

func tlv(tag cbasn1.Tag, content ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, c := range content {
			b.AddBytes(c)
		}
	})
	return b.BytesOrPanic()
}

func sequence(content ...[]byte) []byte { return tlv(cbasn1.SEQUENCE, content...) }

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func implicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }

func integer(n *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1BigInt(n)
	return b.BytesOrPanic()
}
