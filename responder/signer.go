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
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// chooseAlgorithm picks the signature algorithm by the key alone, so no
// configuration can ask for a weak one. It allows the keys that verifiers of
// staples accept.
func chooseAlgorithm(pub crypto.PublicKey) (x509.SignatureAlgorithm, error) {
	if err := certkey.Check(pub); err != nil {
		return 0, fmt.Errorf("signing key: %w; use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 4096 bits", err)
	}
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return x509.ECDSAWithSHA256, nil
		case elliptic.P384():
			return x509.ECDSAWithSHA384, nil
		case elliptic.P521():
			return x509.ECDSAWithSHA512, nil
		}
	case *rsa.PublicKey:
		return x509.SHA256WithRSA, nil
	case ed25519.PublicKey:
		return x509.PureEd25519, nil
	}
	return 0, fmt.Errorf("no algorithm for a signing key of type %T", pub)
}

// signMessage returns the signature of a message.
func signMessage(key crypto.Signer, algorithm x509.SignatureAlgorithm, message []byte) ([]byte, error) {
	hash := ocspwire.SignatureHash(algorithm)
	if hash != 0 {
		message = ocspwire.Digest(hash, message)
	}
	signature, err := key.Sign(rand.Reader, message, hash)
	if err != nil {
		return nil, fmt.Errorf("sign response: %w", err)
	}
	return signature, nil
}
