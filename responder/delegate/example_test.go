// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"context"
	"crypto/x509"
	"log"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/delegate"
)

func Example() {
	var (
		ctx    context.Context
		issuer *x509.Certificate                              // the CA to answer for
		source responder.Source                               // what it has issued and revoked
		obtain func(context.Context) (*certs.Identity, error) // such as stepca's Client.Delegate
	)
	keeper, err := delegate.Open(ctx, delegate.Config{
		Issuer: issuer, CertFile: "ocsp.crt", KeyFile: "ocsp.key", Obtain: obtain, Source: source,
	})
	if err != nil {
		log.Fatal(err)
	}
	authority := func(id *certs.Identity) responder.Authority {
		return responder.Authority{Certificate: issuer, Source: source, SignerCertificate: id.Leaf(), Signer: id.Key}
	}
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{authority(keeper.Current())}})
	if err != nil {
		log.Fatal(err)
	}
	err = keeper.Run(ctx, func(_ context.Context, id *certs.Identity) error { return r.Replace(authority(id)) })
	log.Print(err)
}
