// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// IssuerID is what a CertID says about the issuer of a certificate.
type IssuerID struct {
	// Algorithm is the content of the hash algorithm's object identifier. [HashOf]
	// may not know it.
	Algorithm []byte
	// Parameters are the algorithm's parameters, unparsed.
	Parameters []byte
	// NameHash and KeyHash are the digests of the issuer's name and key. They may
	// have any length.
	NameHash, KeyHash []byte
}

// Read reads the fields of a CertID up to its serial number (RFC 6960 §4.1.1).
func (id *IssuerID) Read(certID *cryptobyte.String) bool {
	var algorithm cryptobyte.String
	if !certID.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!ReadOID(&algorithm, (*cryptobyte.String)(&id.Algorithm)) ||
		!certID.ReadASN1((*cryptobyte.String)(&id.NameHash), cbasn1.OCTET_STRING) ||
		!certID.ReadASN1((*cryptobyte.String)(&id.KeyHash), cbasn1.OCTET_STRING) {
		return false
	}
	id.Parameters = algorithm
	return true
}

// NewIssuerID identifies an issuer with one of [Hashes].
func NewIssuerID(issuer *x509.Certificate, hash crypto.Hash) (IssuerID, error) {
	oid := oidOf(hash)
	if oid == "" {
		return IssuerID{}, fmt.Errorf("a CertID cannot be made with %s", hash)
	}
	key, err := PublicKeyBits(issuer)
	if err != nil {
		return IssuerID{}, err
	}
	return IssuerID{
		Algorithm:  []byte(oid),
		Parameters: []byte{0x05, 0x00}, // NULL, which every responder accepts
		NameHash:   Digest(hash, issuer.RawSubject),
		KeyHash:    Digest(hash, key),
	}, nil
}

var errKey = errors.New("a public key is malformed")

// PublicKeyBits returns the value of the subjectPublicKey BIT STRING, which
// CertID and ResponderID digest without its tag, length and count of unused
// bits (RFC 6960 §4.1.1 and §4.2.1). It does not allocate.
func PublicKeyBits(c *x509.Certificate) ([]byte, error) {
	spki := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var bits []byte
	if !spki.ReadASN1(&spki, cbasn1.SEQUENCE) || !spki.SkipASN1(cbasn1.SEQUENCE) || !spki.ReadASN1BitStringAsBytes(&bits) {
		return nil, errKey
	}
	return bits, nil
}
