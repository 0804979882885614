// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var oidPSS = encodeOID(1, 2, 840, 113549, 1, 1, 10)

// signatureAlgorithms maps the AlgorithmIdentifiers of a signature (RFC 8017,
// RFC 5758, RFC 8410). SHA-1 is listed so that it is refused by name.
var signatureAlgorithms = []struct {
	oid       string
	algorithm x509.SignatureAlgorithm
	isRSA     bool
}{
	{encodeOID(1, 2, 840, 10045, 4, 3, 2), x509.ECDSAWithSHA256, false},
	{encodeOID(1, 2, 840, 10045, 4, 3, 3), x509.ECDSAWithSHA384, false},
	{encodeOID(1, 2, 840, 10045, 4, 3, 4), x509.ECDSAWithSHA512, false},
	{encodeOID(1, 3, 101, 112), x509.PureEd25519, false},
	{encodeOID(1, 2, 840, 113549, 1, 1, 11), x509.SHA256WithRSA, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 12), x509.SHA384WithRSA, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 13), x509.SHA512WithRSA, true},
	{encodeOID(1, 2, 840, 113549, 1, 1, 5), x509.SHA1WithRSA, true},
	{encodeOID(1, 2, 840, 10045, 4, 1), x509.ECDSAWithSHA1, false},
}

// pssParameters are the DER encodings of RSASSA-PSS-params (RFC 4055 §3.1) in
// which the hash, the MGF1 hash and the salt length agree; no other is
// accepted.
var pssParameters = map[x509.SignatureAlgorithm][]byte{
	x509.SHA256WithRSAPSS: encodePSS(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256),
	x509.SHA384WithRSAPSS: encodePSS(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384),
	x509.SHA512WithRSAPSS: encodePSS(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512),
}

func encodePSS(hashOID asn1.ObjectIdentifier, hash crypto.Hash) []byte {
	addHash := func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(hashOID)
			b.AddASN1NULL()
		})
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(contextTag(0), addHash)
		b.AddASN1(contextTag(1), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}) // id-mgf1
				addHash(b)
			})
		})
		b.AddASN1(contextTag(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(hash.Size())) })
	})
	return b.BytesOrPanic()
}

// parseSignatureAlgorithm reads the content of an AlgorithmIdentifier. One that
// is not known is well-formed, and is refused where the signature is checked.
func parseSignatureAlgorithm(input cryptobyte.String) (x509.SignatureAlgorithm, error) {
	var oid cryptobyte.String
	if !readOID(&input, &oid) {
		return 0, fail(Malformed, "malformed signature algorithm")
	}
	if string(oid) == oidPSS {
		for algorithm, parameters := range pssParameters {
			if bytes.Equal(input, parameters) {
				return algorithm, nil
			}
		}
		return x509.UnknownSignatureAlgorithm, nil
	}
	for _, known := range signatureAlgorithms {
		if string(oid) != known.oid {
			continue
		}
		if !input.Empty() && !(known.isRSA && isNullOrAbsent(input)) {
			return 0, fail(Malformed, "malformed signature algorithm")
		}
		return known.algorithm, nil
	}
	return x509.UnknownSignatureAlgorithm, nil
}
