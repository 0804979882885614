// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// TestNoForgeries checks that valid tokens are accepted in every state of the
// caches, and that the Token says what the token says.
func TestNoForgeries(t *testing.T) {
	m := theMaker()
	for _, c := range catalogue.Accepted() {
		t.Run(c.Test(), func(t *testing.T) {
			made := m.Make(&c)
			if c.Sequence() {
				testSequence(t, made)
				return
			}
			at := new(clock)
			cfg, pair := honest(t, made, at)
			step := &made.Steps[0]
			for _, s := range states {
				t.Run(s.name, func(t *testing.T) {
					cfg.Cache = s.cache
					v := newVerifier(t, cfg)
					at.now = testca.Now
					s.prepare(t, v, pair)
					at.now = step.Now
					for range 2 {
						checkStep(t, v, made, 0, step)
						token, err := v.VerifyBound(step.Token, Bindings{Peer: step.Peer})
						if err != nil {
							t.Fatalf("rejected: %v", err)
						}
						checkToken(t, token, step)
						if bound := strings.HasPrefix(c.Name(), "cnf_"); token.PeerBound() != bound {
							t.Errorf("PeerBound is %v", token.PeerBound())
						}
					}
				})
			}
		})
	}
}

// checkToken compares the accepted token with how it was made.
func checkToken(t *testing.T, got Token, made *catalogue.Step) {
	t.Helper()
	leaf, err := got.Leaf()
	if err != nil || !leaf.Equal(made.Leaf.Cert) {
		t.Errorf("the leaf is another: %v", err)
	}
	var claims struct {
		Iss, Sub, Jti string
		Iat, Nbf, Exp int64
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(made.Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if got.Issuer() != claims.Iss || got.Subject() != claims.Sub || got.ID() != claims.Jti ||
		got.IssuedAt().Unix() != claims.Iat || got.NotBefore().Unix() != claims.Nbf || got.Expiry().Unix() != claims.Exp {
		t.Errorf("it says %+v, and the claims are %+v", got, claims)
	}
	decoded := claims
	if err := got.Decode(&decoded); err != nil || decoded != claims {
		t.Errorf("Decode gives %+v, %v", decoded, err)
	}
	if got.Staple().Status() != ocspstaple.Good {
		t.Errorf("the staple says %s", got.Staple().Status())
	}
	if got.FreshUntil().After(got.Expiry()) || got.FreshUntil().After(got.Staple().NextUpdate()) || got.FreshUntil().After(leaf.NotAfter) {
		t.Errorf("fresh until %s, beyond a window", got.FreshUntil())
	}
}
