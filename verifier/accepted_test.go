// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/json"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// TestNoForgeries holds that what is valid is accepted in every state of the
// caches, and that the token says what it says.
func TestNoForgeries(t *testing.T) {
	w := theWorld()
	for _, a := range acceptables {
		t.Run(unsafeName.ReplaceAllString(a.name, "_"), func(t *testing.T) {
			at := &clock{testca.Now}
			party := w.leaf
			if a.party != nil {
				party = a.party(w)
			}
			cfg := Config{Audience: "orders", Now: at.read, Anchors: anchors(top(party))}
			if a.anchor != nil {
				cfg.Anchors = anchors(a.anchor(party))
			}
			if a.config != nil {
				a.config(&cfg)
			}
			var staples [][]byte
			for p := party; p.Issuer != nil && (a.all || p == party); p = p.Issuer {
				staples = append(staples, p.Staple(func(r *testca.Response) {
					if a.staples != nil {
						a.staples(p, r)
					}
				}))
			}
			token := testca.NewToken(party, staples...)
			if a.edit != nil {
				a.edit(w, token)
			}
			raw := token.Compact()
			if a.after != nil {
				raw = a.after(raw)
			}
			another := copyToken(token)
			another.Claims.Set("jti", "another")
			if another.RawPayload != nil {
				another.RawPayload = append(another.RawPayload, ' ')
			}
			for name, seen := range map[string]string{"cold": "", "warm": another.Compact(), "hot": raw} {
				t.Run(name, func(t *testing.T) {
					v := newVerifier(t, cfg)
					if seen != "" {
						mustAccept(t, v, seen)
					}
					checkToken(t, mustAccept(t, v, raw), token, party)
				})
			}
			cfg.Cache = CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}
			v := newVerifier(t, cfg)
			for range 2 {
				checkToken(t, mustAccept(t, v, raw), token, party)
			}
		})
	}
}

// checkToken compares what a verifier says of a token with how it was made.
func checkToken(t *testing.T, got Token, made *testca.Token, party *testca.Party) {
	t.Helper()
	leaf, err := got.Leaf()
	if err != nil || !leaf.Equal(party.Cert) {
		t.Errorf("the leaf is another: %v", err)
	}
	var claims struct {
		Iss, Sub, Jti string
		Iat, Nbf, Exp int64
	}
	payload := made.RawPayload
	if payload == nil {
		payload = made.Claims.Bytes()
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
	identity := party.Cert.DNSNames[0]
	if len(party.Cert.URIs) > 0 {
		identity = party.Cert.URIs[0].String()
	}
	if got.Identity() != identity {
		t.Errorf("the identity is %q, want %q", got.Identity(), identity)
	}
	if got.Staple().Status() != ocspstaple.Good {
		t.Errorf("the staple says %s", got.Staple().Status())
	}
	if got.FreshUntil().After(got.Expiry()) || got.FreshUntil().After(got.Staple().NextUpdate()) || got.FreshUntil().After(leaf.NotAfter) {
		t.Errorf("fresh until %s, beyond a window", got.FreshUntil())
	}
}
