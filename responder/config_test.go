// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	ca, other := newTestCA(t, "CA", newP256(t)), newTestCA(t, "Other", newP256(t))
	sameName := newTestCA(t, "CA", newP256(t))
	key := newP256(t)
	source := SourceFunc(knownSource)
	rsa1024 := weakRSA(t)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, curve := newTestCA(t, "Weak", rsa1024), newTestCA(t, "P-224", p224)
	leaf := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "leaf"},
		NotBefore: ca.cert.NotBefore, NotAfter: ca.cert.NotAfter, BasicConstraintsValid: true,
	}, ca.cert, key.Public(), ca.key)
	delegated := func(issuer testCA, change func(*x509.Certificate)) []Authority {
		template := delegateTemplate()
		change(template)
		return []Authority{{
			Certificate: ca.cert, Source: source, Signer: key,
			SignerCertificate: sign(t, template, issuer.cert, key.Public(), issuer.key),
		}}
	}
	ok := Authority{Certificate: ca.cert, Source: source, Signer: ca.key}
	for _, row := range []struct {
		name        string
		authorities []Authority
		validity    time.Duration
		want        string
	}{
		{"no authority", nil, 0, "no authority"},
		{"no certificate", []Authority{{Source: source, Signer: ca.key}}, 0, "no certificate"},
		{"no source", []Authority{{Certificate: ca.cert, Signer: ca.key}}, 0, "no source"},
		{"no key", []Authority{{Certificate: ca.cert, Source: source}}, 0, "no signing key"},
		{"certificate of a leaf", []Authority{{Certificate: leaf, Source: source, Signer: key}}, 0, "not a CA"},
		{"key of another CA", []Authority{{Certificate: ca.cert, Source: source, Signer: other.key}}, 0, "does not belong"},
		{"RSA 1024", []Authority{{Certificate: weak.cert, Source: source, Signer: weak.key}}, 0, "1024 bits"},
		{"P-224", []Authority{{Certificate: curve.cert, Source: source, Signer: curve.key}}, 0, "P-224"},
		{"the same CA twice", []Authority{ok, ok}, 0, "twice"},
		{"validity below a second", []Authority{ok}, 999 * time.Millisecond, "below one second"},
		{"validity negative", []Authority{ok}, -time.Hour, "below one second"},
		{"delegate with the CA's key", []Authority{{
			Certificate: ca.cert, Source: source, Signer: ca.key,
			SignerCertificate: sign(t, delegateTemplate(), ca.cert, key.Public(), ca.key),
		}}, 0, "does not belong"},
		{"delegate is a CA", delegated(ca, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), 0, "CA certificate"},
		{"delegate without OCSPSigning", delegated(ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), 0, "OCSPSigning"},
		{"delegate with any usage", delegated(ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), 0, "OCSPSigning"},
		{"delegate without digitalSignature", delegated(ca, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }), 0, "digitalSignature"},
		{"delegate without nocheck", delegated(ca, func(c *x509.Certificate) { c.ExtraExtensions = nil }), 0, "nocheck"},
		{"delegate of another CA", delegated(other, func(*x509.Certificate) {}), 0, "another CA"},
		{"delegate of another CA of the same name", delegated(sameName, func(*x509.Certificate) {}), 0, "not issued by the CA"},
		{"delegate expired", delegated(ca, func(c *x509.Certificate) { c.NotAfter = epoch.Add(-time.Minute) }), 0, "not now"},
		{"delegate not yet valid", delegated(ca, func(c *x509.Certificate) { c.NotBefore = epoch.Add(time.Minute) }), 0, "not now"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := New(Config{Authorities: row.authorities, Validity: row.validity, Now: at(epoch)})
			if err == nil || r != nil {
				t.Fatalf("accepted; got (%v, %v)", r, err)
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %q does not say %q", err, row.want)
			}
		})
	}
	if _, err := New(Config{Authorities: delegated(ca, func(*x509.Certificate) {}), Now: at(epoch)}); err != nil {
		t.Errorf("the delegate that the rows are made of: %v", err)
	}
}

// weakRSA returns a 1024-bit key, which crypto/rsa no longer generates.
func weakRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	e := big.NewInt(65537)
	for {
		p, err := rand.Prime(rand.Reader, 512)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, 512)
		if err != nil {
			t.Fatal(err)
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		n := new(big.Int).Mul(p, q)
		if d == nil || n.BitLen() != 1024 {
			continue
		}
		return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
	}
}
