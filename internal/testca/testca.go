// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package testca is a certificate authority for tests that can forge anything:
// certificates that no CA should issue, OCSP responses in which every field can
// be wrong, and tokens with arbitrary header and payload bytes. Everything it
// makes is valid, at [Now], until an edit says otherwise.
//
// It panics if it cannot do what a test asks for, because that is a mistake in
// the test.
package testca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Now is the time for which everything is made.
var Now = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// Party is a certificate with its private key and the chain above it. Any party
// can issue certificates and sign OCSP responses, even one that must not.
type Party struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// Issuer is nil for a root.
	Issuer *Party
}

// Template is what an [Edit] changes before a certificate is signed.
type Template struct {
	// Certificate has the fields of the certificate. A non-nil PublicKey is
	// certified although nobody holds its private key.
	x509.Certificate
	// Kind is the kind of the key; default P256.
	Kind Kind
	// Key is the certificate's key; default [Key] for the kind and common name.
	Key crypto.Signer
	// SigningKey signs the certificate; default the key of its issuer.
	SigningKey crypto.Signer
	// NoAuthorityKeyID omits the identifier of the issuer's key.
	NoAuthorityKeyID bool
}

// Edit changes a certificate before it is signed.
type Edit = func(*Template)

// Named gives a certificate another common name, and with it another key.
func Named(commonName string) Edit {
	return func(t *Template) { t.Subject.CommonName = commonName }
}

// Keyed gives a certificate a key of another kind.
func Keyed(kind Kind) Edit { return func(t *Template) { t.Kind = kind } }

// WithKey gives a certificate this key.
func WithKey(key crypto.Signer) Edit { return func(t *Template) { t.Key = key } }

// Valid gives a certificate this validity period.
func Valid(from, to time.Time) Edit {
	return func(t *Template) { t.NotBefore, t.NotAfter = from, to }
}

var lastSerial atomic.Int64

// New makes a root: P-256, named "Root".
func New(edits ...Edit) *Party { return issue(nil, authority("Root"), edits) }

// Intermediate issues a CA certificate: P-256, named "Intermediate".
func (p *Party) Intermediate(edits ...Edit) *Party {
	return issue(p, authority("Intermediate"), edits)
}

// Leaf issues the certificate of a client that signs tokens: P-256, named
// "client", with the URI spiffe://test.example/client and the DNS name
// client.test.example, for digitalSignature and clientAuth.
func (p *Party) Leaf(edits ...Edit) *Party {
	t := template("client", Now.Add(-time.Hour), Now.Add(24*time.Hour))
	t.URIs = []*url.URL{{Scheme: "spiffe", Host: "test.example", Path: "/client"}}
	t.DNSNames = []string{"client.test.example"}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return issue(p, t, edits)
}

// NoCheck is the extension id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
var NoCheck = pkix.Extension{Id: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{0x05, 0x00}}

// Delegate issues the certificate of an OCSP responder (RFC 6960 §4.2.2.2):
// P-256, named "Responder", for digitalSignature and OCSPSigning, with
// [NoCheck].
func (p *Party) Delegate(edits ...Edit) *Party {
	t := template("Responder", Now.Add(-time.Hour), Now.Add(24*time.Hour))
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	t.ExtraExtensions = []pkix.Extension{NoCheck}
	return issue(p, t, edits)
}

// Version1 returns the party with its certificate in X.509 version 1, which has
// no extensions and so does not say whether it is a CA's. Its issuer, which
// must have a P-256 key, signs it again.
func (p *Party) Version1() *Party {
	tbs, fields := cryptobyte.String(p.Cert.RawTBSCertificate), [][]byte(nil)
	if !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.SkipASN1(explicit(0)) {
		panic("testca: malformed certificate")
	}
	for !tbs.Empty() && !tbs.PeekASN1Tag(explicit(3)) {
		var field cryptobyte.String
		if !tbs.ReadAnyASN1Element(&field, new(cbasn1.Tag)) {
			panic("testca: malformed certificate")
		}
		fields = append(fields, field)
	}
	content := tlv(cbasn1.SEQUENCE, fields...)
	identifier, signature := sign(p.Issuer.Key, x509.ECDSAWithSHA256, content)
	der := tlv(cbasn1.SEQUENCE, content, tlv(cbasn1.SEQUENCE, identifier), tlv(cbasn1.BIT_STRING, []byte{0}, signature))
	return &Party{Cert: MustParse(der), Key: p.Key, Issuer: p.Issuer}
}

// Chain returns the chain leaf first and without the root, as x5c carries it.
func (p *Party) Chain() []*x509.Certificate {
	var chain []*x509.Certificate
	for ; p.Issuer != nil; p = p.Issuer {
		chain = append(chain, p.Cert)
	}
	return chain
}

func template(commonName string, from, to time.Time) *Template {
	return &Template{Kind: P256, Certificate: x509.Certificate{
		SerialNumber: big.NewInt(0x5ca1ab1e00 + lastSerial.Add(1)),
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    from,
		NotAfter:     to,
	}}
}

func authority(commonName string) *Template {
	t := template(commonName, Now.AddDate(-1, 0, 0), Now.AddDate(9, 0, 0))
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	t.IsCA, t.BasicConstraintsValid = true, true
	return t
}

func issue(issuer *Party, t *Template, edits []Edit) *Party {
	for _, edit := range edits {
		edit(t)
	}
	if t.Key == nil && t.PublicKey == nil {
		t.Key = Key(t.Kind, t.Subject.CommonName)
	}
	if t.PublicKey == nil {
		t.PublicKey = t.Key.Public()
	}
	// The library refuses to sign with a key that is not the parent's; it cannot
	// tell if the parent has no public key.
	parent, signer := t.Certificate, t.Key
	if issuer != nil {
		parent, signer = *issuer.Cert, issuer.Key
	}
	parent.PublicKey = nil
	if t.SigningKey != nil {
		signer = t.SigningKey
	}
	if t.NoAuthorityKeyID {
		parent.SubjectKeyId = nil
	}
	der, err := x509.CreateCertificate(rand.Reader, &t.Certificate, &parent, t.PublicKey, signer)
	if err != nil {
		panic(fmt.Errorf("testca: certificate for %s: %w", t.Subject, err))
	}
	return &Party{Cert: MustParse(der), Key: t.Key, Issuer: issuer}
}

// MustParse parses a certificate.
func MustParse(der []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return c
}
