// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certkey

import (
	"crypto/rsa"
	"crypto/x509"

	"github.com/stapledjwt/stapled"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CheckEncoding returns AlgorithmRejected if the SubjectPublicKeyInfo of a
// certificate is not the only encoding of its key: if its BIT STRING has unused
// bits, which package x509 shifts out, or if something follows one of the
// fields, which x509 skips. An anchor, and the issuer of a revoked certificate,
// are known by the bytes of their key.
func CheckEncoding(c *x509.Certificate) error {
	// SubjectPublicKeyInfo (RFC 5280 §4.1)
	spki := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var algorithm cryptobyte.String
	var key []byte
	ok := spki.ReadASN1(&spki, cbasn1.SEQUENCE) &&
		spki.ReadASN1(&algorithm, cbasn1.SEQUENCE) && spki.ReadASN1BitStringAsBytes(&key) && spki.Empty() &&
		algorithm.SkipASN1(cbasn1.OBJECT_IDENTIFIER) && (algorithm.Empty() || algorithm.ReadAnyASN1(new(cryptobyte.String), new(cbasn1.Tag)) && algorithm.Empty())
	if _, isRSA := c.PublicKey.(*rsa.PublicKey); ok && isRSA {
		// RSAPublicKey (RFC 3279 §2.3.1)
		numbers := cryptobyte.String(key)
		var list cryptobyte.String
		ok = numbers.ReadASN1(&list, cbasn1.SEQUENCE) && numbers.Empty() &&
			list.SkipASN1(cbasn1.INTEGER) && list.SkipASN1(cbasn1.INTEGER) && list.Empty()
	}
	if !ok {
		return stapled.Errorf(stapled.AlgorithmRejected, "a public key with unused bits, or with more than its fields")
	}
	return nil
}
