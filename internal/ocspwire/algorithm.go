// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var oidPSS = encodeOID(1, 2, 840, 113549, 1, 1, 10)

// signatureAlgorithms maps the AlgorithmIdentifiers of a signature (RFC 8017,
// RFC 5758, RFC 8410). It lists SHA-1 so that it can be refused by name.
var signatureAlgorithms = []struct {
	oid       string
	algorithm x509.SignatureAlgorithm
	hash      crypto.Hash // 0 if the key signs the message itself
	isRSA     bool
}{
	{encodeOID(1, 2, 840, 10045, 4, 3, 2), x509.ECDSAWithSHA256, crypto.SHA256, false},
	{encodeOID(1, 2, 840, 10045, 4, 3, 3), x509.ECDSAWithSHA384, crypto.SHA384, false},
	{encodeOID(1, 2, 840, 10045, 4, 3, 4), x509.ECDSAWithSHA512, crypto.SHA512, false},
	{encodeOID(1, 3, 101, 112), x509.PureEd25519, 0, false},
	{encodeOID(1, 2, 840, 113549, 1, 1, 11), x509.SHA256WithRSA, crypto.SHA256, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 12), x509.SHA384WithRSA, crypto.SHA384, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 13), x509.SHA512WithRSA, crypto.SHA512, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 5), x509.SHA1WithRSA, crypto.SHA1, true},
	{encodeOID(1, 2, 840, 10045, 4, 1), x509.ECDSAWithSHA1, crypto.SHA1, false},
}

// pssParameters are the DER encodings of RSASSA-PSS-params (RFC 4055 §3.1) in
// which the hash, the MGF1 hash and the salt length agree; no others are
// accepted.
var pssParameters = map[x509.SignatureAlgorithm][]byte{
	x509.SHA256WithRSAPSS: encodePSS(crypto.SHA256),
	x509.SHA384WithRSAPSS: encodePSS(crypto.SHA384),
	x509.SHA512WithRSAPSS: encodePSS(crypto.SHA512),
}

func encodePSS(hash crypto.Hash) []byte {
	addHash := func(b *cryptobyte.Builder) { addHashAlgorithm(b, hash) }
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(Tag(0), addHash)
		b.AddASN1(Tag(1), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}) // id-mgf1
				addHash(b)
			})
		})
		b.AddASN1(Tag(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(hash.Size())) })
	})
	return b.BytesOrPanic()
}

// ReadSignatureAlgorithm reads the content of an AlgorithmIdentifier, and
// reports whether it is well-formed. An unknown algorithm is well-formed; the
// signature check refuses it.
func ReadSignatureAlgorithm(input cryptobyte.String) (x509.SignatureAlgorithm, bool) {
	var oid cryptobyte.String
	if !ReadOID(&input, &oid) {
		return x509.UnknownSignatureAlgorithm, false
	}
	if string(oid) == oidPSS {
		for algorithm, parameters := range pssParameters {
			if bytes.Equal(input, parameters) {
				return algorithm, true
			}
		}
		return x509.UnknownSignatureAlgorithm, true
	}
	for _, known := range signatureAlgorithms {
		if string(oid) != known.oid {
			continue
		}
		if !input.Empty() && !(known.isRSA && IsNullOrAbsent(input)) {
			return x509.UnknownSignatureAlgorithm, false
		}
		return known.algorithm, true
	}
	return x509.UnknownSignatureAlgorithm, true
}

// AddSignatureAlgorithm writes the AlgorithmIdentifier of an algorithm other than
// RSASSA-PSS.
func AddSignatureAlgorithm(b *cryptobyte.Builder, algorithm x509.SignatureAlgorithm) {
	for _, known := range signatureAlgorithms {
		if known.algorithm != algorithm {
			continue
		}
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			AddOID(b, known.oid)
			if known.isRSA {
				b.AddASN1NULL() // RFC 4055 §5
			}
		})
		return
	}
	b.SetError(fmt.Errorf("no AlgorithmIdentifier for %s", algorithm))
}

// SignatureHash returns the hash of a signature algorithm that
// [AddSignatureAlgorithm] writes; 0 for Ed25519, whose key signs the message
// itself.
func SignatureHash(algorithm x509.SignatureAlgorithm) crypto.Hash {
	for _, known := range signatureAlgorithms {
		if known.algorithm == algorithm {
			return known.hash
		}
	}
	return 0
}
