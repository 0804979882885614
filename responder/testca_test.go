// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// What must be on the wire, however the responder computes it.
const (
	requestType  = "application/ocsp-request"
	responseType = "application/ocsp-response"

	tag0 = cbasn1.Tag(0xa0)
	tag1 = cbasn1.Tag(0xa1)
	tag2 = cbasn1.Tag(0xa2)
)

func digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// epoch is the time of most tests, with a fraction that answers must not show.
var epoch = time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newP256(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newTestCA(t testing.TB, name string, key crypto.Signer) testCA {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(1, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return testCA{sign(t, template, template, key.Public(), key), key}
}

func sign(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// delegateTemplate returns a certificate that New accepts as a delegated
// signer.
func delegateTemplate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "OCSP signer"},
		NotBefore: epoch.Add(-time.Hour), NotAfter: epoch.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: ocspwire.NoCheck, Value: asn1.NullBytes}},
	}
}

// The serials that knownSource knows.
var (
	goodSerial    = big.NewInt(5)
	revokedSerial = big.NewInt(6)
	unknownSerial = big.NewInt(7)
	revokedAt     = epoch.Add(-90 * time.Minute)
)

// knownSource knows one good and one revoked serial.
func knownSource(_ context.Context, serial *big.Int) (Status, error) {
	switch {
	case serial.Cmp(goodSerial) == 0:
		return Status{Code: Good}, nil
	case serial.Cmp(revokedSerial) == 0:
		return Status{Code: Revoked, RevokedAt: revokedAt, Reason: ocsp.KeyCompromise}, nil
	}
	return Status{}, nil
}

func newResponder(t testing.TB, ca testCA, source SourceFunc) *Responder {
	t.Helper()
	r, err := New(Config{
		Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: source}},
		Now:         at(epoch),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(t testing.TB, issuer *x509.Certificate, serial *big.Int, hash crypto.Hash) []byte {
	t.Helper()
	der, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: serial}, issuer, &ocsp.RequestOptions{Hash: hash})
	if err != nil {
		t.Fatal(err)
	}
	return der
}
