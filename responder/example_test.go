// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log"
	"math/big"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/responder"
)

// records is an in-memory responder.Source. A real CA uses a database.
type records struct {
	mu       sync.Mutex
	bySerial map[string]responder.Status
}

// Status returns the zero value, unknown, for a serial number that is not on
// record.
func (r *records) Status(_ context.Context, serial *big.Int) (responder.Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bySerial[serial.String()], nil
}

func (r *records) set(serial *big.Int, st responder.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bySerial[serial.String()] = st
}

// A responder for one CA, asked in the same way as by a stapler.
func Example() {
	caKey, leafKey := newKey(), newKey()
	ca := issue(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example CA"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, caKey.Public(), caKey)
	leaf := issue(&x509.Certificate{SerialNumber: big.NewInt(2)}, ca, leafKey.Public(), caKey)

	source := &records{bySerial: make(map[string]responder.Status)}
	source.set(leaf.SerialNumber, responder.Status{Code: responder.Good})

	r, err := responder.New(responder.Config{
		Authorities: []responder.Authority{{Certificate: ca, Signer: caKey, Source: source}},
		Validity:    5 * time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(r) // in production: an http.Server whose Handler is r
	defer server.Close()

	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: server.URL})
	if err != nil {
		log.Fatal(err)
	}
	ask := func() {
		der, err := fetcher.Fetch(context.Background(), stapler.Request{Certificate: leaf, Issuer: ca})
		if err != nil {
			log.Fatal(err)
		}
		staple, err := ocspstaple.Authenticate(der, leaf, ca, time.Now(), stapled.DefaultLeeway)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(staple.Status(), "for", staple.NextUpdate().Sub(staple.ThisUpdate()))
	}
	ask()
	source.set(leaf.SerialNumber, responder.Status{Code: responder.Revoked, RevokedAt: time.Now()})
	ask()
	// Output:
	// good for 5m0s
	// revoked for 5m0s
}

func newKey() crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// issue makes a certificate, self-signed without a parent.
func issue(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	template.NotBefore = time.Now().Add(-time.Minute)
	template.NotAfter = time.Now().Add(time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		log.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	return cert
}
