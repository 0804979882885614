// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Request returns an OCSPRequest for one certificate (RFC 6960 §4.1.1) and
// nothing more, as RFC 9919 §3.1.1 requires. The hash is one of [Hashes]. From
// the certificate, it needs only the serial number.
func Request(cert, issuer *x509.Certificate, hash crypto.Hash) ([]byte, error) {
	return RequestWithNonce(cert, issuer, hash, nil)
}

// RequestWithNonce is [Request] with the extension id-pkix-ocsp-nonce (RFC 9654
// §2.1), which should have 32 octets; nil leaves it out.
func RequestWithNonce(cert, issuer *x509.Certificate, hash crypto.Hash, nonce []byte) ([]byte, error) {
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
	// CertID, Request, requestList
	for range 3 {
		inner := content
		content = func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, inner) }
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			content(b)
			if nonce != nil {
				b.AddASN1(Tag(2), func(b *cryptobyte.Builder) { addNonce(b, nonce) }) // requestExtensions
			}
		})
	})
	return b.Bytes()
}

// addNonce writes Extensions with a nonce and nothing else.
func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // Extensions
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // Extension
			AddOID(b, Nonce)
			b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
		})
	})
}

// GetURL appends a request to the URL of a responder (RFC 6960 A.1). Base64
// uses three characters that are not safe everywhere in a path; GetURL escapes
// all of them.
func GetURL(responder string, request []byte) string {
	return strings.TrimSuffix(responder, "/") + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(request))
}
