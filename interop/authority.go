// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package interop shows that stapled works with the OCSP responders of other
// CAs: the stapler keeps a staple fresh, and a certificate revoked there ends
// its issuer. Each CA has a package of its own below this one; those with many
// dependencies are modules of their own. scripts/interop-cas.sh runs them.
package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// Name is the DNS name of the certificate that a CA issues.
const Name = "orders.interop.internal"

// CA is another CA, running with its OCSP responder.
type CA struct {
	// Anchor is its root.
	Anchor *x509.Certificate
	// Issue returns the chain of a new certificate for a public key: the leaf
	// first, without the anchor. The leaf has the DNS name [Name],
	// digitalSignature and clientAuth, and names the responder.
	Issue func(tb testing.TB, key crypto.Signer) []*x509.Certificate
	// Revoke revokes a certificate with the reason keyCompromise.
	Revoke func(tb testing.TB, leaf *x509.Certificate)
}

// NewKey returns a P-256 key.
func NewKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// NewRoot returns a root for CAs that are given theirs.
func NewRoot(tb testing.TB, key *ecdsa.PrivateKey) *x509.Certificate {
	tb.Helper()
	// CFSSL finds an answer by the SHA-1 of the key, which it takes to be the key
	// identifier (RFC 5280 §4.2.1.2, method 1). Go would make another.
	public, err := key.PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	identifier := sha1.Sum(public)
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Interop root"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, SubjectKeyId: identifier[:],
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return Parse(tb, der)
}

// NewRequest returns a PKCS #10 request for a certificate of [Name].
func NewRequest(tb testing.TB, key crypto.Signer) []byte {
	tb.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: Name}, DNSNames: []string{Name},
	}, key)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

// Parse reads a certificate in DER.
func Parse(tb testing.TB, der []byte) *x509.Certificate {
	tb.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return cert
}
