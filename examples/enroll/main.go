// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command enroll gets a certificate from a step-ca, staples it, signs a token
// and renews the certificate. It reads the provisioner's password from stdin:
//
//	enroll https://ca.internal:9000 FINGERPRINT admin orders.internal < password
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/stepca"
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: enroll URL ROOT-FINGERPRINT PROVISIONER NAME < PASSWORD")
	}
	url, fingerprint, provisioner, name := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	password, err := io.ReadAll(os.Stdin)
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	root, err := stepca.FetchRoot(ctx, url, fingerprint)
	check(err)
	client, err := stepca.New(stepca.Config{URL: url, Root: root, Provisioner: provisioner, Password: bytes.TrimSpace(password)})
	check(err)
	identity, err := client.Enroll(ctx, stepca.EnrollRequest{Name: name})
	check(err)
	keeper, err := stapler.New(stapler.Config{Chain: identity.Chain})
	check(err)
	go keeper.Run(ctx) // what ends it, Current tells the issuer
	check(keeper.Wait(ctx))
	signer, err := issuer.New(issuer.Config{Identity: identity, Staples: keeper})
	check(err)
	token, err := signer.Sign(ctx, issuer.Claims{Audience: []string{"echo"}})
	check(err)
	fmt.Println(token)
	renewed, err := client.Rekey(ctx, identity)
	check(err)
	log.Printf("renewed: %#x until %s", renewed.Leaf().SerialNumber, renewed.Leaf().NotAfter)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
