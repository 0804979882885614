// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"context"
	"errors"
	"log"
	"net/http"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// A service signs tokens with the certificate from its CA.
func ExampleIssuer() {
	ctx := context.Background()
	identity, err := certs.LoadIdentity("service.crt", "service.key")
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := stapler.New(stapler.Config{Chain: identity.Chain, File: "service.ocsp"})
	if err != nil {
		log.Fatal(err)
	}
	go keeper.Run(ctx)
	if err := keeper.Wait(ctx); err != nil {
		log.Fatal(err)
	}

	iss, err := issuer.New(issuer.Config{Identity: identity, Staples: keeper})
	if err != nil {
		log.Fatal(err)
	}
	token, err := iss.Sign(ctx, issuer.Claims{
		Audience: []string{"orders"},
		Subject:  "alice",
		Extra:    map[string]any{"scope": "orders:read"},
	})
	if errors.Is(err, stapled.CertificateRevoked) {
		log.Fatal("enroll a new certificate")
	}
	if err != nil {
		log.Fatal(err)
	}
	log.Print(len(token))
}

// A client whose requests to one service, and no others, carry a token.
func ExampleNewTransport() {
	var iss *issuer.Issuer // as above

	transport, err := issuer.NewTransport(issuer.TransportConfig{Issuer: iss, Audience: "https://orders.internal"})
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: transport}
	resp, err := client.Get("https://orders.internal/v1/orders")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
}

// After a renewal, certificate, key and staples are swapped together.
func ExampleIssuer_Rotate() {
	var iss *issuer.Issuer // as above

	ctx := context.Background()
	identity, err := certs.LoadIdentity("service.crt", "service.key")
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := stapler.New(stapler.Config{Chain: identity.Chain, File: "service.ocsp"})
	if err != nil {
		log.Fatal(err)
	}
	go keeper.Run(ctx)
	if err := keeper.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	if err := iss.Rotate(identity, keeper); err != nil {
		log.Fatal(err) // the old certificate stays in use
	}
}
