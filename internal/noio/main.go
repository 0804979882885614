// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command noio verifies 1,000 tokens between two marks on standard error, so
// that scripts/no-io.sh can trace the system calls that the verifier makes
// meanwhile.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run verifies tokens of 250 leaves, four each: one with a new header, two with
// a known header, one of them forged, and one token seen before.
func run() error {
	root := testca.New()
	ca := root.Intermediate()
	anchors, err := certs.NewAnchors(root.Cert)
	if err != nil {
		return err
	}
	const leaves, audience = 250, "orders"
	var tokens [][]string
	for i := range leaves {
		leaf := ca.Leaf(testca.Named(fmt.Sprintf("client %d", i)))
		staple := leaf.Staple()
		round := make([]string, 3)
		for j := range round {
			token := testca.NewToken(leaf, staple)
			token.Claims.Set("aud", audience)
			token.Claims.Set("jti", fmt.Sprintf("token %d", j))
			round[j] = token.Compact()
		}
		flipped := []byte(round[2])
		flipped[len(flipped)-10] ^= 1 // another valid character, or none at all
		tokens = append(tokens, []string{round[0], round[1], string(flipped), round[0]})
	}
	start := time.Now()
	v, err := verifier.New(verifier.Config{
		Anchors: anchors, Audience: audience,
		Now: func() time.Time { return testca.Now.Add(time.Since(start)) },
	})
	if err != nil {
		return err
	}

	fmt.Fprintln(os.Stderr, "noio: begin")
	accepted, rejected := 0, 0
	for _, round := range tokens {
		for _, token := range round {
			_, err := v.Verify(token)
			switch {
			case err == nil:
				accepted++
			case errors.Is(err, stapled.SignatureInvalid), errors.Is(err, stapled.Malformed):
				rejected++
			default:
				return err
			}
		}
	}
	fmt.Fprintln(os.Stderr, "noio: end")

	if accepted != 3*leaves || rejected != leaves {
		return fmt.Errorf("accepted %d and rejected %d tokens", accepted, rejected)
	}
	fmt.Printf("accepted %d, rejected %d\n", accepted, rejected)
	return nil
}
