// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/sha1" // as an identifier only
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stapledjwt/stapled/internal/certname"
)

// certID names a certificate (RFC 6960 §4.1.1).
type certID struct {
	hash     []byte // content of the OID
	nameHash []byte
	keyHash  []byte
	serial   *big.Int
}

// certIDHashes are the digests that may name a certificate. SHA-1 is among
// them because nothing rests on it: the response is signed, and a second
// issuer with the same digests would have to be certified by the same chain.
var certIDHashes = []struct {
	oid      string
	isDigest func(sum, data []byte) bool
}{
	{encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 1), func(sum, data []byte) bool { d := sha256.Sum256(data); return bytes.Equal(sum, d[:]) }},
	{encodeOID(1, 3, 14, 3, 2, 26), func(sum, data []byte) bool { d := sha1.Sum(data); return bytes.Equal(sum, d[:]) }},
	{encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 2), func(sum, data []byte) bool { d := sha512.Sum384(data); return bytes.Equal(sum, d[:]) }},
	{encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 3), func(sum, data []byte) bool { d := sha512.Sum512(data); return bytes.Equal(sum, d[:]) }},
}

// parse reads a CertID.
func (id *certID) parse(single *cryptobyte.String, allow allowance) error {
	var content, algorithm cryptobyte.String
	id.serial = new(big.Int)
	if !single.ReadASN1(&content, cbasn1.SEQUENCE) ||
		!content.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!readOID(&algorithm, (*cryptobyte.String)(&id.hash)) || !isNullOrAbsent(algorithm) ||
		!content.ReadASN1((*cryptobyte.String)(&id.nameHash), cbasn1.OCTET_STRING) ||
		!content.ReadASN1((*cryptobyte.String)(&id.keyHash), cbasn1.OCTET_STRING) {
		return fail(Malformed, "malformed CertID")
	}
	if allow.malformedSerial {
		var raw cryptobyte.String
		if !content.ReadASN1(&raw, cbasn1.INTEGER) {
			return fail(Malformed, "malformed CertID")
		}
		id.serial.SetBytes(raw)
	} else if !content.ReadASN1Integer(id.serial) {
		return fail(Malformed, "malformed CertID")
	}
	if !content.Empty() {
		return fail(Malformed, "malformed CertID")
	}
	return nil
}

// check compares all three parts of a CertID with the leaf. The serial alone
// says nothing: another CA may have used it.
func (id *certID) check(leaf, issuer *x509.Certificate) error {
	if !bytes.Equal(leaf.RawIssuer, issuer.RawSubject) {
		return fail(Mismatch, "the certificate is issued by %s, not by %s", certname.IssuerOf(leaf), certname.Of(issuer))
	}
	if id.serial.Cmp(leaf.SerialNumber) != 0 {
		// Cut off, since a log is not the place for what somebody chose to write.
		return fail(Mismatch, "it is about serial number 0x%.40s, not 0x%.40s", id.serial.Text(16), leaf.SerialNumber.Text(16))
	}
	for _, known := range certIDHashes {
		if string(id.hash) != known.oid {
			continue
		}
		if !known.isDigest(id.nameHash, issuer.RawSubject) {
			return fail(Mismatch, "its issuerNameHash is of another issuer")
		}
		key, err := publicKeyBits(issuer)
		if err != nil {
			return err
		}
		if !known.isDigest(id.keyHash, key) {
			return fail(Mismatch, "its issuerKeyHash is of another key")
		}
		return nil
	}
	return fail(Mismatch, "its CertID uses a hash that is not known")
}
