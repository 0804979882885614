// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certkey defines which keys and algorithms stapled relies on, and
// which of them belong together.
package certkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
)

// The size of an RSA modulus in bits: a key below the first is weak; the
// signatures of a key above the second cost the verifier more than they are
// worth.
const (
	minRSABits = 2048
	maxRSABits = 4096
)

// Algorithms lists the JWS algorithms (RFC 7518 §3.1, RFC 8037 §3.1) that a
// token may use, all of them asymmetric.
func Algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
		jose.RS256, jose.RS384, jose.RS512,
		jose.PS256, jose.PS384, jose.PS512,
	}
}

// Hash returns the hash that a JWS algorithm signs; 0 for EdDSA, which signs
// the whole message. It returns AlgorithmRejected for any name not in
// [Algorithms].
func Hash(alg jose.SignatureAlgorithm) (crypto.Hash, error) {
	switch alg {
	case jose.ES256, jose.RS256, jose.PS256:
		return crypto.SHA256, nil
	case jose.ES384, jose.RS384, jose.PS384:
		return crypto.SHA384, nil
	case jose.ES512, jose.RS512, jose.PS512:
		return crypto.SHA512, nil
	case jose.EdDSA:
		return 0, nil
	}
	return 0, stapled.Errorf(stapled.AlgorithmRejected, "%.40q is not an algorithm of stapled tokens", alg)
}

// Check returns AlgorithmRejected unless the public key is ECDSA on P-256, P-384
// or P-521, Ed25519, or RSA of 2048 to 4096 bits, and not known to be weak.
func Check(pub crypto.PublicKey) error {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
			return nil
		}
		return stapled.Errorf(stapled.AlgorithmRejected, "elliptic curve %s", key.Curve.Params().Name)
	case ed25519.PublicKey:
		return checkEd25519(key)
	case *rsa.PublicKey:
		return checkRSA(key)
	}
	return stapled.Errorf(stapled.AlgorithmRejected, "%T", pub)
}

// CheckAlgorithm returns KeyMismatch unless this kind of key makes signatures
// of this algorithm. RFC 7518 §3.4 ties each ES algorithm to one curve.
func CheckAlgorithm(pub crypto.PublicKey, alg jose.SignatureAlgorithm) error {
	fits := false
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		curve := curveOf(alg)
		fits = curve != nil && key.Curve == curve
	case ed25519.PublicKey:
		fits = alg == jose.EdDSA
	case *rsa.PublicKey:
		switch alg {
		case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
			fits = true
		}
	}
	if !fits {
		return stapled.Errorf(stapled.KeyMismatch, "a %T does not sign %s", pub, alg)
	}
	return nil
}

// Same reports whether two certificates have the same public key, however they
// encode it.
func Same(a, b *x509.Certificate) bool {
	key, ok := a.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b.PublicKey)
}

// Name returns the kind and size of a certificate's key: "ECDSA P-256", "RSA
// 2048 bits", "Ed25519".
func Name(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d bits", key.N.BitLen())
	}
	return c.PublicKeyAlgorithm.String()
}

func curveOf(alg jose.SignatureAlgorithm) elliptic.Curve {
	switch alg {
	case jose.ES256:
		return elliptic.P256()
	case jose.ES384:
		return elliptic.P384()
	case jose.ES512:
		return elliptic.P521()
	}
	return nil
}

// AlgorithmFor returns the JWS algorithm that an issuer uses with this key: the
// one for its curve, EdDSA, or RS256.
func AlgorithmFor(pub crypto.PublicKey) (jose.SignatureAlgorithm, error) {
	if err := Check(pub); err != nil {
		return "", err
	}
	for _, alg := range Algorithms() {
		if CheckAlgorithm(pub, alg) == nil {
			return alg, nil
		}
	}
	return "", stapled.Errorf(stapled.AlgorithmRejected, "no algorithm for a %T", pub)
}

// CheckSignatureAlgorithm returns AlgorithmRejected unless stapled can rely on
// a certificate or an OCSP response signed with the algorithm: no SHA-1, no
// MD5.
func CheckSignatureAlgorithm(alg x509.SignatureAlgorithm) error {
	switch alg {
	case x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
		x509.PureEd25519,
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		return nil
	}
	return stapled.Errorf(stapled.AlgorithmRejected, "%s", alg)
}
