// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // CertID, and signatures that must be refused
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var hashOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.MD5:    {1, 2, 840, 113549, 2, 5},
	crypto.SHA1:   {1, 3, 14, 3, 2, 26},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// algorithms are the signature algorithms that can sign responses.
var algorithms = map[x509.SignatureAlgorithm]struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	x509.ECDSAWithSHA1:    {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, crypto.SHA1},
	x509.ECDSAWithSHA256:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, crypto.SHA256},
	x509.ECDSAWithSHA384:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, crypto.SHA384},
	x509.ECDSAWithSHA512:  {asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, crypto.SHA512},
	x509.PureEd25519:      {asn1.ObjectIdentifier{1, 3, 101, 112}, 0},
	x509.SHA1WithRSA:      {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, crypto.SHA1},
	x509.SHA256WithRSA:    {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, crypto.SHA256},
	x509.SHA384WithRSA:    {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, crypto.SHA384},
	x509.SHA512WithRSA:    {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, crypto.SHA512},
	x509.SHA256WithRSAPSS: {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, crypto.SHA256},
	x509.SHA384WithRSAPSS: {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, crypto.SHA384},
	x509.SHA512WithRSAPSS: {asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, crypto.SHA512},
}

// DefaultAlgorithm returns the algorithm with which a key signs responses.
func DefaultAlgorithm(key crypto.Signer) x509.SignatureAlgorithm {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return x509.PureEd25519
	case *rsa.PrivateKey:
		return x509.SHA256WithRSA
	case *ecdsa.PrivateKey:
		switch key.Curve {
		case elliptic.P384():
			return x509.ECDSAWithSHA384
		case elliptic.P521():
			return x509.ECDSAWithSHA512
		}
	}
	return x509.ECDSAWithSHA256
}

// sign returns the content of the AlgorithmIdentifier, and the signature.
func sign(key crypto.Signer, algorithm x509.SignatureAlgorithm, data []byte) (identifier, signature []byte) {
	a, ok := algorithms[algorithm]
	if !ok {
		panic(fmt.Errorf("testca: cannot sign by %s", algorithm))
	}
	identifier = tlv(cbasn1.OBJECT_IDENTIFIER, oidContent(a.oid))
	var opts crypto.SignerOpts = a.hash
	switch algorithm {
	case x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		opts = &rsa.PSSOptions{Hash: a.hash, SaltLength: a.hash.Size()}
		identifier = append(identifier, pssParameters(a.hash)...)
	case x509.SHA1WithRSA, x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA:
		identifier = append(identifier, 5, 0)
	}
	signature, err := key.Sign(rand.Reader, sum(a.hash, data), opts)
	if err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return identifier, signature
}

// pssParameters encodes RSASSA-PSS-params (RFC 4055 §3.1) with one hash and a
// salt of the hash's length.
func pssParameters(hash crypto.Hash) []byte {
	hashID := tlv(cbasn1.SEQUENCE, tlv(cbasn1.OBJECT_IDENTIFIER, oidContent(hashOIDs[hash])), []byte{5, 0})
	mgf1 := tlv(cbasn1.OBJECT_IDENTIFIER, oidContent(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}))
	return tlv(cbasn1.SEQUENCE,
		tlv(explicit(0), hashID),
		tlv(explicit(1), tlv(cbasn1.SEQUENCE, mgf1, hashID)),
		tlv(explicit(2), tlv(cbasn1.INTEGER, []byte{byte(hash.Size())})))
}

// sum returns the digest, or the data itself if there is no hash.
func sum(hash crypto.Hash, data []byte) []byte {
	if hash == 0 {
		return data
	}
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

func oidContent(oid asn1.ObjectIdentifier) []byte {
	return contentOf(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

func integerContent(n *big.Int) []byte {
	return contentOf(func(b *cryptobyte.Builder) { b.AddASN1BigInt(n) })
}

func contentOf(add func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	add(&b)
	der, content := cryptobyte.String(b.BytesOrPanic()), cryptobyte.String(nil)
	if !der.ReadAnyASN1(&content, new(cbasn1.Tag)) {
		panic("testca: an element that was just encoded is malformed")
	}
	return content
}
