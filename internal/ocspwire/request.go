// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"crypto"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Request returns an OCSPRequest for one certificate (RFC 6960 §4.1.1) and
// nothing more, as RFC 9919 §3.1.1 requires. The hash is one of [Hashes]. From
// the certificate, it needs only the serial number.
func Request(cert, issuer *x509.Certificate, hash crypto.Hash) ([]byte, error) {
	id, err := NewIssuerID(issuer, hash)
	if err != nil {
		return nil, err
	}
	content := func(b *cryptobyte.Builder) { // of the CertID
		addHashAlgorithm(b, hash)
		b.AddASN1OctetString(id.NameHash)
		b.AddASN1OctetString(id.KeyHash)
		b.AddASN1BigInt(cert.SerialNumber)
	}
	// CertID, Request, requestList, TBSRequest, OCSPRequest
	for range 5 {
		inner := content
		content = func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, inner) }
	}
	var b cryptobyte.Builder
	content(&b)
	return b.Bytes()
}
