// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"log"
	"net/http"
	"time"

	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/crl"
)

// A responder beside a step-ca that cannot be asked while it runs, but publishes
// its CRL: in ca.json, "crl": {"enabled": true, "generateOnRevoke": true}.
func Example() {
	var (
		caCert      *x509.Certificate // the CA's intermediate
		delegate    *x509.Certificate // an OCSP signing certificate that it issued
		delegateKey crypto.Signer
		roots       *x509.CertPool // the CA's root, for https
	)
	source, err := crl.New(crl.Config{
		Issuer: caCert, URL: "https://ca.internal/1.0/crl", Roots: roots,
		Poll: 5 * time.Second, StateFile: "/var/lib/responder/crl.json",
	})
	if err != nil {
		log.Fatal(err)
	}
	go source.Run(context.Background())
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
		Certificate: caCert, Source: source, Signer: delegateKey, SignerCertificate: delegate,
	}}})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:8889", Handler: r, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
