// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/stepca"
)

func Example() {
	ctx := context.Background()
	const url = "https://ca.internal:9000"
	root, err := stepca.FetchRoot(ctx, url, os.Getenv("CA_FINGERPRINT"))
	if err != nil {
		log.Fatal(err)
	}
	client, err := stepca.New(stepca.Config{URL: url, Root: root, Provisioner: "admin", Password: []byte(os.Getenv("CA_PASSWORD"))})
	if err != nil {
		log.Fatal(err)
	}
	identity, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "orders.internal"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("until", identity.Leaf().NotAfter)

	const keyCompromise ocspstaple.CRLReason = 1
	err = client.Revoke(ctx, identity.Leaf().SerialNumber, keyCompromise, "stolen")
	if err != nil && !errors.Is(err, stapled.AlreadyRevoked) {
		log.Fatal(err)
	}
}
