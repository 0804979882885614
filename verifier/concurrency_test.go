// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Many goroutines share a verifier whose caches are too small for their tokens,
// and every one gets the right answer. Meanwhile a certificate is revoked: from
// then on nobody accepts it.
func TestConcurrentUse(t *testing.T) {
	w := theWorld()
	type sample struct {
		raw  string
		want stapled.Reason
	}
	var samples []sample
	for i := range 12 {
		token := testca.NewToken(w.leaf, w.leaf.Staple())
		token.Claims.Set("jti", fmt.Sprint(i))
		raw := token.Compact()
		again := copyToken(token)
		again.Claims.Set("jti", fmt.Sprint(i, " again"))
		samples = append(samples, sample{raw, ""}, sample{again.Compact(), ""}, sample{withBadSignature(raw), stapled.SignatureInvalid})
	}
	for _, kind := range testca.Kinds() {
		samples = append(samples, sample{w.intermediate.Leaf(testca.Keyed(kind)).Token(), ""})
	}
	samples = append(samples,
		sample{w.leaf.Token(func(t *testca.Token) { t.Header.Drop("ocsp") }), stapled.StapleMissing},
		sample{w.stranger.Leaf().Token(), stapled.ChainUntrusted},
		sample{w.leaf.Token(func(t *testca.Token) { t.Claims.Set("aud", "payments") }), stapled.AudienceMismatch},
		sample{tokenWith(w.intermediate.Leaf(), since(0, testca.Unknown)), stapled.StapleUnknown})
	victim := w.intermediate.Leaf(testca.Named("victim"))
	good := tokenWith(victim, since(5*time.Minute, testca.Good))
	revoked := tokenWith(victim, since(time.Minute, testca.Revoked))

	for _, sizes := range []CacheSizes{{}, {Tokens: 12_000, Headers: 14_000, Certificates: 12_000}, {Tokens: -1, Headers: -1, Certificates: -1}} {
		t.Run(fmt.Sprintf("%+v", sizes), func(t *testing.T) {
			cfg := w.config(&clock{testca.Now})
			cfg.Cache = sizes
			v := newVerifier(t, cfg)
			mustAccept(t, v, good)
			rounds := exhaustive.Of(t, 150, 60)
			var all sync.WaitGroup
			for g := range 8 {
				all.Go(func() {
					random := rand.New(rand.NewPCG(uint64(g), 0))
					known := false
					for i := range rounds {
						s := samples[random.IntN(len(samples))]
						switch token, err := v.Verify(s.raw); {
						case s.want == "" && err != nil, s.want != "" && !errors.Is(err, s.want):
							t.Errorf("got %v, want %q", err, s.want)
						case err == nil && (token.Issuer() != "spiffe://test.example/client" || token.Staple() == nil):
							t.Errorf("a token of %q", token.Issuer())
						}
						if g == 0 && i == rounds/2 {
							if _, err := v.Verify(revoked); !errors.Is(err, stapled.CertificateRevoked) {
								t.Errorf("revoked, and the verifier says %v", err)
							}
							known = true
						}
						_, err := v.Verify(good)
						if known && !errors.Is(err, stapled.CertificateRevoked) {
							t.Errorf("known to be revoked, and the verifier says %v", err)
						}
						known = known || err != nil
					}
				})
			}
			all.Wait()
			if v.tokens != nil {
				checkAccount(t, v.tokens)
				checkAccount(t, v.headers)
				checkAccount(t, v.links)
			}
		})
	}
}
