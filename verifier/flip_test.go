// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestForgeriesByBit flips the bits of a valid token of each algorithm, one at
// a time: every bit in the gate, else one of each byte. A verifier that has
// just accepted the unchanged token accepts none of them. For some algorithms,
// the test also uses a verifier without caches.
func TestForgeriesByBit(t *testing.T) {
	bits := exhaustive.Of(t, 8, 1) // of each byte
	var tried atomic.Int64
	// The leaf is directly below the anchor, so that the token is short.
	root := theWorld().root
	t.Run("algorithms", func(t *testing.T) {
		for _, c := range []struct {
			kind testca.Kind
			alg  string
			cold bool
		}{
			{testca.P256, "ES256", true}, {testca.Ed25519, "EdDSA", true}, {testca.RSA2048, "RS256", true},
			{testca.P384, "ES384", false}, {testca.P521, "ES512", false},
			{testca.RSA2048, "RS384", false}, {testca.RSA2048, "RS512", false},
			{testca.RSA2048, "PS256", false}, {testca.RSA2048, "PS384", false}, {testca.RSA2048, "PS512", false},
		} {
			// The race detector makes this ten times as slow, and finds nothing here.
			if raceEnabled && c.alg != "ES256" {
				continue
			}
			leaf := root.Leaf(testca.Keyed(c.kind))
			raw := leaf.Token(func(t *testca.Token) {
				t.Alg = c.alg
				t.Header.Set("alg", c.alg)
			})
			flip := func(t *testing.T, cfg Config) {
				t.Parallel()
				v := newVerifier(t, cfg)
				mustAccept(t, v, raw)
				// P-521 takes longer than all the rest together, so each has
				// two workers.
				const workers = 2
				var all sync.WaitGroup
				for first := range workers {
					all.Go(func() {
						flipped := []byte(raw)
						for i := first; i < len(flipped); i += workers {
							for n := range bits {
								bit := (i + n) % 8
								flipped[i] ^= 1 << bit
								if token, err := v.Verify(string(flipped)); err == nil || token != (Token{}) {
									t.Errorf("accepted with bit %d of byte %d flipped", bit, i)
								}
								flipped[i] ^= 1 << bit
							}
						}
					})
				}
				all.Wait()
				tried.Add(int64(bits * len(raw)))
				mustAccept(t, v, raw)
			}
			at := &clock{testca.Now}
			t.Run(c.alg+"/warm", func(t *testing.T) { flip(t, theWorld().config(at)) })
			if c.cold && !raceEnabled {
				cfg := theWorld().config(at)
				cfg.Cache = CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}
				t.Run(c.alg+"/cold", func(t *testing.T) { flip(t, cfg) })
			}
		}
	})
	t.Logf("%d bits flipped, one at a time, %d of each byte", tried.Load(), bits)
}
