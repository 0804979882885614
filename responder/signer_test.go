// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	generate := func(key crypto.Signer, err error) crypto.Signer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	p384, err384 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, err521 := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	rsa2048, errRSA := rsa.GenerateKey(rand.Reader, 2048)
	_, ed, errEd := ed25519.GenerateKey(rand.Reader)
	for _, row := range []struct {
		name string
		key  crypto.Signer
		want x509.SignatureAlgorithm
	}{
		{"P-256", newP256(t), x509.ECDSAWithSHA256},
		{"P-384", generate(p384, err384), x509.ECDSAWithSHA384},
		{"P-521", generate(p521, err521), x509.ECDSAWithSHA512},
		{"RSA 2048", generate(rsa2048, errRSA), x509.SHA256WithRSA},
		{"Ed25519", generate(ed, errEd), x509.PureEd25519},
	} {
		t.Run(row.name, func(t *testing.T) {
			ca := newTestCA(t, "CA", row.key)
			der := newResponder(t, ca, knownSource).Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256))
			// x/crypto does not know Ed25519, so the signature is checked here.
			resp, err := ocsp.ParseResponse(der, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := ca.cert.CheckSignature(row.want, resp.TBSResponseData, resp.Signature); err != nil {
				t.Error(err)
			}
			if row.want != x509.PureEd25519 && resp.SignatureAlgorithm != row.want {
				t.Errorf("signed with %s, want %s", resp.SignatureAlgorithm, row.want)
			}
		})
	}
}

func TestDelegate(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	key := newP256(t)
	template := delegateTemplate()
	template.NotAfter = epoch.Add(time.Minute).Truncate(time.Second)
	delegate := sign(t, template, ca.cert, key.Public(), ca.key)
	now := epoch
	r, err := New(Config{
		Authorities: []Authority{{Certificate: ca.cert, Source: SourceFunc(knownSource), Signer: key, SignerCertificate: delegate}},
		Now:         func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	req := ask(t, ca.cert, goodSerial, crypto.SHA256)
	resp, err := ocsp.ParseResponse(r.Respond(t.Context(), req), ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Certificate == nil || !resp.Certificate.Equal(delegate) {
		t.Error("the delegate's certificate is not embedded")
	}
	if !resp.NextUpdate.Equal(delegate.NotAfter) {
		t.Errorf("nextUpdate %s, want no later than the delegate's end %s", resp.NextUpdate, delegate.NotAfter)
	}
	keyBits, err := ocspwire.PublicKeyBits(delegate)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(resp.ResponderKeyHash, digest(crypto.SHA1, keyBits)) {
		t.Error("ResponderID is not the delegate's key")
	}

	now = delegate.NotAfter.Add(time.Second)
	_, err = ocsp.ParseResponse(r.Respond(t.Context(), req), ca.cert)
	var re ocsp.ResponseError
	if !errors.As(err, &re) || re.Status != ocsp.InternalError {
		t.Errorf("after the delegate's end: got %v, want internal error", err)
	}
}

type counter map[Outcome]int

func (c counter) Observe(e Event) { c[e.Outcome]++ }
