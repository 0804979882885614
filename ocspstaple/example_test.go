// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/stapledtest"
)

// Authenticate an OCSP response once, and check its freshness on every use.
// Only both together say that the certificate is not revoked.
func ExampleAuthenticate() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	ca.Clock.Set(time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC))
	identity := ca.Identity("https://orders.internal")
	leaf, issuer := identity.Leaf(), identity.Anchor

	staple, err := ocspstaple.Authenticate(ca.Staple(identity, stapledtest.Good), leaf, issuer, ca.Clock.Now(), stapled.DefaultLeeway)
	if err != nil {
		log.Fatal(err) // malformed, about another certificate, or not signed by an authorized party
	}
	freshness := ocspstaple.Freshness{MaxAge: stapled.DefaultMaxStapleAge}
	fmt.Println(staple.Status(), "until", staple.FreshUntil(freshness).Format(time.TimeOnly))

	fmt.Println("now:", staple.Check(ca.Clock.Now(), freshness))
	ca.Clock.Advance(11 * time.Minute)
	err = staple.Check(ca.Clock.Now(), freshness)
	fmt.Println("later, stale:", errors.Is(err, stapled.StapleStale))
	// Output:
	// good until 12:10:00
	// now: <nil>
	// later, stale: true
}

// A response that says revoked is authentic. Check is what refuses it.
func ExampleStaple_Check() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	identity := ca.Identity("https://orders.internal")
	ca.Revoke(identity, 1)

	staple, err := ocspstaple.Authenticate(ca.Staple(identity, stapledtest.Revoked), identity.Leaf(), identity.Anchor, ca.Clock.Now(), stapled.DefaultLeeway)
	if err != nil {
		log.Fatal(err)
	}
	err = staple.Check(ca.Clock.Now(), ocspstaple.Freshness{Leeway: stapled.DefaultLeeway})
	fmt.Println(errors.Is(err, stapled.CertificateRevoked), staple.RevocationReason())
	// Output: true keyCompromise
}
