// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/index"
)

// TestBound: no good answer is valid beyond R + 2 s + V, where R is when the
// file has the revocation; nor beyond R + StaleAfter + V if it cannot be read
// from then on.
func TestBound(t *testing.T) {
	t.Parallel()
	ca := testca.New(testca.Valid(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)))
	request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: serialA}, ca.Cert, &ocsp.RequestOptions{Hash: crypto.SHA256})
	check(t, err)
	for seed := range uint64(40) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				validity := time.Duration(1+random.IntN(120)) * time.Second
				f := follow(t, validA)
				r, err := responder.New(responder.Config{
					Authorities: []responder.Authority{{Certificate: ca.Cert, Signer: ca.Key, Source: f}}, Validity: validity,
				})
				check(t, err)
				var latest time.Time // nextUpdate of a good answer
				last := ocsp.Unknown
				ask := func(d time.Duration) {
					for end := time.Now().Add(d); time.Now().Before(end); {
						f.pass(time.Duration(random.Int64N(int64(time.Second))))
						resp, err := ocsp.ParseResponse(r.Respond(t.Context(), request), ca.Cert)
						var re ocsp.ResponseError
						switch {
						case errors.As(err, &re) && re.Status == ocsp.TryLater:
							last = ocsp.ServerFailed
							continue
						case err != nil:
							t.Fatal(err)
						}
						last = resp.Status
						if resp.Status == ocsp.Good && resp.NextUpdate.After(latest) {
							latest = resp.NextUpdate
						}
					}
				}
				ask(time.Duration(random.Int64N(int64(20 * time.Second))))
				delay, unreadable := index.DefaultInterval, random.IntN(2) == 0
				revoked := time.Now()
				if unreadable {
					delay = index.DefaultStaleAfter
					check(t, os.Remove(f.file))
				} else {
					f.save(revokedA)
				}
				ask(delay + validity + 5*time.Second)
				if late := latest.Sub(revoked.Add(delay + validity)); late > 0 {
					t.Errorf("good %s beyond the bound; unreadable: %t", late, unreadable)
				}
				if want := map[bool]int{false: ocsp.Revoked, true: ocsp.ServerFailed}[unreadable]; last != want {
					t.Errorf("in the end: status %d, want %d", last, want)
				}
				f.stop()
			})
		})
	}
}
