// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// minRSABits is the smallest RSA key that verifiers of staples accept.
const minRSABits = 2048

// signatureAlgorithm is how one kind of key signs responses.
type signatureAlgorithm struct {
	oid asn1.ObjectIdentifier
	// hash is zero where the key signs the message itself (Ed25519).
	hash crypto.Hash
	// null says that the parameters are NULL and not absent (RFC 4055 §5).
	null bool
}

// chooseAlgorithm picks the signature algorithm by the key alone, so that no
// configuration can ask for a weak one.
func chooseAlgorithm(pub crypto.PublicKey) (signatureAlgorithm, error) {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return signatureAlgorithm{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, hash: crypto.SHA256}, nil
		case elliptic.P384():
			return signatureAlgorithm{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, hash: crypto.SHA384}, nil
		case elliptic.P521():
			return signatureAlgorithm{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, hash: crypto.SHA512}, nil
		}
		return signatureAlgorithm{}, fmt.Errorf("elliptic curve %s is not supported; use P-256, P-384 or P-521", key.Curve.Params().Name)
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return signatureAlgorithm{}, fmt.Errorf("RSA key has %d bits; use at least %d", key.N.BitLen(), minRSABits)
		}
		return signatureAlgorithm{oid: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, hash: crypto.SHA256, null: true}, nil
	case ed25519.PublicKey:
		return signatureAlgorithm{oid: asn1.ObjectIdentifier{1, 3, 101, 112}}, nil
	default:
		return signatureAlgorithm{}, fmt.Errorf("key of type %T cannot sign responses; use ECDSA, RSA or Ed25519", pub)
	}
}

func (a signatureAlgorithm) sign(key crypto.Signer, message []byte) ([]byte, error) {
	digest := message
	if a.hash != 0 {
		h := a.hash.New()
		h.Write(message)
		digest = h.Sum(nil)
	}
	signature, err := key.Sign(rand.Reader, digest, a.hash)
	if err != nil {
		return nil, fmt.Errorf("sign response: %w", err)
	}
	return signature, nil
}

func (a signatureAlgorithm) marshal(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(a.oid)
		if a.null {
			b.AddASN1NULL()
		}
	})
}

// subjectKey returns the contents of the BIT STRING of a DER
// SubjectPublicKeyInfo, which issuerKeyHash and KeyHash are computed over
// (RFC 6960 §4.1.1 and §4.2.1).
func subjectKey(spki []byte) ([]byte, error) {
	input := cryptobyte.String(spki)
	var info cryptobyte.String
	var key asn1.BitString
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) ||
		!info.SkipASN1(cbasn1.SEQUENCE) ||
		!info.ReadASN1BitString(&key) {
		return nil, errors.New("certificate has an unreadable public key")
	}
	return key.RightAlign(), nil
}
