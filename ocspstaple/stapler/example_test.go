// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"log"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Keep a staple fresh in a running service.
func ExampleStapler() {
	ctx := context.Background()
	chain, err := certs.LoadChain("service.crt")
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := stapler.New(stapler.Config{Chain: chain, File: "service.ocsp"})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		err := keeper.Run(ctx)
		if errors.Is(err, stapled.CertificateRevoked) {
			log.Fatal("enroll a new certificate: ", err)
		}
	}()
	if err := keeper.Wait(ctx); err != nil {
		log.Fatal(err)
	}
}

// Get a staple in a program that signs and exits, from a responder that the
// certificate does not name.
func ExampleStapler_Refresh() {
	ctx := context.Background()
	chain, err := certs.LoadChain("service.crt")
	if err != nil {
		log.Fatal(err)
	}
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: "http://ocsp.internal:8889"})
	if err != nil {
		log.Fatal(err)
	}
	keeper, err := stapler.New(stapler.Config{Chain: chain, Fetcher: fetcher})
	if err != nil {
		log.Fatal(err)
	}
	if err := keeper.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	staples, err := keeper.Current(time.Now())
	if err != nil {
		log.Fatal(err)
	}
	log.Print("until ", staples[0].NextUpdate())
}
