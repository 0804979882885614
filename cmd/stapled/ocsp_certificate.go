// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/ocspclient"
)

// certificates returns the certificate in question, and that of its issuer.
func (f ocspQueryFlags) certificates() (cert, issuer *x509.Certificate, err error) {
	chain, err := certs.LoadChain(f.cert)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: give --cert the PEM file of a certificate", err)
	}
	cert, others, where := chain[0], chain[1:], "--cert"
	if f.issuer != "" {
		if others, err = certs.LoadChain(f.issuer); err != nil {
			return nil, nil, fmt.Errorf("%w: give --issuer the PEM file of a CA certificate", err)
		}
		where = "--issuer"
	}
	named := false
	for _, candidate := range others {
		if !bytes.Equal(candidate.RawSubject, cert.RawIssuer) {
			continue
		}
		named = true
		if issued(cert, candidate) {
			return cert, candidate, nil
		}
	}
	switch {
	case named:
		return nil, nil, fmt.Errorf("the CA in %s has the name of the issuer of %s, %s, but another key: give the certificate whose key signed it with --issuer", where, certname.Of(cert), certname.IssuerOf(cert))
	case f.issuer != "":
		return nil, nil, fmt.Errorf("%s: no certificate in it is the issuer of %s, which is %s: give that one", f.issuer, certname.Of(cert), certname.IssuerOf(cert))
	case bytes.Equal(cert.RawIssuer, cert.RawSubject):
		return nil, nil, cli.Usagef("%s: %s is self-signed, and no responder answers for a root: put a certificate that it issued first", f.cert, certname.Of(cert))
	}
	return nil, nil, cli.Usagef("%s: the certificate of the issuer of %s is not in it: give that of %s with --issuer", f.cert, certname.Of(cert), certname.IssuerOf(cert))
}

// issued reports whether the key of a CA signed a certificate. It cannot say no
// for signatures that Go does not verify, such as those with SHA-1.
func issued(cert, ca *x509.Certificate) bool {
	err := ca.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure) || errors.Is(err, x509.ErrUnsupportedAlgorithm)
}

// responders returns the URLs to ask, in order.
func (f ocspQueryFlags) responders(cert *x509.Certificate) ([]string, error) {
	if f.url != "" {
		return []string{f.url}, nil
	}
	var urls []string
	for _, url := range cert.OCSPServer {
		if !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	if len(urls) == 0 {
		return nil, cli.Usagef("%s names no OCSP responder (authority information access): give its URL with --url", certname.Of(cert))
	}
	return urls[:min(len(urls), ocspclient.MaxResponders)], nil
}
