// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"bytes"
	"crypto"
	"crypto/sha1" // only as an identifier: CertID and ResponderID, RFC 6960 §4.1.1 and §4.2.1
	"crypto/sha256"
	"crypto/sha512"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// hashes are the digests that may name a certificate's issuer. They include
// SHA-1 because nothing depends on its strength: a response is signed, and the
// same chain would have to certify a second issuer with the same digests. RFC
// 9919 §3.1.1 recommends SHA-256 and keeps SHA-1 for old clients.
var hashes = []struct {
	hash crypto.Hash
	oid  string
}{
	{crypto.SHA256, encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 1)},
	{crypto.SHA1, encodeOID(1, 3, 14, 3, 2, 26)},
	{crypto.SHA384, encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 2)},
	{crypto.SHA512, encodeOID(2, 16, 840, 1, 101, 3, 4, 2, 3)},
}

// Hashes lists the hash algorithms that a CertID may use.
func Hashes() []crypto.Hash {
	var all []crypto.Hash
	for _, known := range hashes {
		all = append(all, known.hash)
	}
	return all
}

// HashOf returns the hash algorithm with this object identifier; 0 for one that
// a CertID may not use.
func HashOf(oid []byte) crypto.Hash {
	for _, known := range hashes {
		if string(oid) == known.oid {
			return known.hash
		}
	}
	return 0
}

// oidOf is the inverse of HashOf; empty for a hash that HashOf does not return.
func oidOf(hash crypto.Hash) string {
	for _, known := range hashes {
		if hash == known.hash {
			return known.oid
		}
	}
	return ""
}

// addHashAlgorithm writes the AlgorithmIdentifier of one of [Hashes], with NULL
// parameters, which every responder accepts.
func addHashAlgorithm(b *cryptobyte.Builder, hash crypto.Hash) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		AddOID(b, oidOf(hash))
		b.AddASN1NULL()
	})
}

// Digest returns the digest of data under one of [Hashes].
func Digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// IsDigest reports whether sum is the digest of data under one of [Hashes];
// false for any other hash. It does not allocate.
func IsDigest(hash crypto.Hash, sum, data []byte) bool {
	switch hash {
	case crypto.SHA256:
		d := sha256.Sum256(data)
		return bytes.Equal(sum, d[:])
	case crypto.SHA1:
		d := sha1.Sum(data)
		return bytes.Equal(sum, d[:])
	case crypto.SHA384:
		d := sha512.Sum384(data)
		return bytes.Equal(sum, d[:])
	case crypto.SHA512:
		d := sha512.Sum512(data)
		return bytes.Equal(sum, d[:])
	default:
		return false
	}
}
