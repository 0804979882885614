// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
)

// Verifying a token seen before allocates nothing, and verifying another one
// with its header nearly nothing.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool forgets at random: run without -race")
	}
	w := theWorld()
	for _, c := range []struct {
		name  string
		party *testca.Party
		edit  func(*world, *testca.Token)
	}{
		{"ES256", w.leaf, nil},
		{"ES256, staple by a delegate", w.leaf, func(w *world, t *testca.Token) {
			delegate := w.intermediate.Delegate()
			t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(testca.SignedBy(delegate, delegate.Cert)), w.intermediate.Staple()))
		}},
		{"EdDSA", w.intermediate.Leaf(testca.Keyed(testca.Ed25519)), nil},
		{"RS256", w.intermediate.Leaf(testca.Keyed(testca.RSA2048)), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := testca.NewToken(c.party, c.party.Staple())
			if c.edit != nil {
				c.edit(w, token)
			}
			raw := token.Compact()
			verify := func(v *Verifier) func() {
				return func() {
					if _, err := v.Verify(raw); err != nil {
						t.Error(err)
					}
				}
			}
			hot := newVerifier(t, w.config(&clock{testca.Now}))
			mustAccept(t, hot, raw)
			if n := testing.AllocsPerRun(100, verify(hot)); n != 0 {
				t.Errorf("a token seen before: %v allocations", n)
			}
			cfg := w.config(&clock{testca.Now})
			cfg.Cache.Tokens = -1
			warm := newVerifier(t, cfg)
			mustAccept(t, warm, raw)
			n := testing.AllocsPerRun(100, verify(warm))
			t.Logf("a header seen before: %v allocations", n)
			if n > 15 {
				t.Errorf("a header seen before: %v allocations", n)
			}
		})
	}
}
