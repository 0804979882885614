// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

// The error says why, for the log: the sender of a token learns only that it
// was rejected. The caller decides what an accepted sender may do.
func Example() {
	anchors, err := certs.LoadAnchors("root_ca.crt")
	if err != nil {
		log.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "orders"})
	if err != nil {
		log.Fatal(err)
	}

	token, err := v.Verify(os.Args[1])
	switch {
	case errors.Is(err, stapled.CertificateRevoked):
		log.Fatalf("a revoked certificate is in use: %v", err)
	case err != nil:
		log.Fatal(err)
	}
	var claims struct {
		Role string `json:"role"`
	}
	if err := token.Decode(&claims); err != nil {
		log.Fatalf("role is no string: %v", err)
	}
	fmt.Printf("%s, role %q, until %s\n", token.Identity(), claims.Role, token.FreshUntil())
}
