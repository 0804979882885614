// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// TestBound checks that no good answer is valid beyond R + V, for any kind of
// request at any fraction of a second, and that none is given after R. The
// revocation comes at any time, even while the source is being asked.
func TestBound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			validity := time.Duration(1+random.IntN(600)) * time.Second
			w := newReuseWorld(t, validity)
			w.cannot = random.IntN(2) == 0
			advance := func() {
				w.after.Add(random.Int64N(int64(validity) / 4))
			}
			var revokedAt time.Time // R
			revoke := func() {
				advance()
				revokedAt = w.now()
				w.set(Status{Code: Revoked, RevokedAt: revokedAt})
				advance()
			}
			requests := [][]byte{
				w.request, ask(t, w.cert, goodSerial, crypto.SHA1), withNonce(t, w.request, false, "\x04\x01n"),
			}
			var latest time.Time // nextUpdate of a good answer
			questions := 5 + random.IntN(20)
			inFlight := random.IntN(2) == 0
			for i := range 2 * questions {
				advance()
				if i == questions {
					if inFlight && w.cannot { // else it might not be asked
						w.asked = func() { w.asked = nil; revoke() }
					} else {
						revoke()
					}
				}
				late := !revokedAt.IsZero()
				a := w.responder.respond(t.Context(), requests[random.IntN(len(requests))], random.IntN(4) == 0)
				resp, err := ocsp.ParseResponse(a.der, w.cert)
				if err != nil {
					t.Fatal(err)
				}
				if late && resp.Status != ocsp.Revoked {
					t.Errorf("question %d, after the revocation: status %d", i, resp.Status)
				}
				if w.now().After(resp.NextUpdate) && revokedAt.IsZero() {
					t.Errorf("question %d: an answer that ended at %s is given at %s", i, resp.NextUpdate, w.now())
				}
				if resp.Status == ocsp.Good && resp.NextUpdate.After(latest) {
					latest = resp.NextUpdate
				}
			}
			if bound := revokedAt.Add(validity); latest.After(bound) {
				t.Errorf("revoked at %s, but good until %s, %s beyond the bound", revokedAt, latest, latest.Sub(bound))
			}
		})
	}
}
