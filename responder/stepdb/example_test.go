// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"net/http"
	"strings"

	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// A responder beside a running step-ca, on its PostgreSQL database.
func Example() {
	serve := func(ctx context.Context, dsn string, issuer, delegate *x509.Certificate, key crypto.Signer) error {
		source, err := stepdb.New(stepdb.Config{DSN: strings.TrimSpace(dsn), Issuer: issuer})
		if err != nil {
			return err
		}
		defer source.Close()
		go source.Run(ctx)
		r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
			Certificate: issuer, Signer: key, SignerCertificate: delegate, Source: source,
		}}})
		if err != nil {
			return err
		}
		return http.ListenAndServe("127.0.0.1:8889", r)
	}
	_ = serve
}
