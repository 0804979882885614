// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapledtest

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// source asks the CA for a staple when half the life of the current one is
// over, and at once after a revocation.
type source struct {
	ca *CA
	id *certs.Identity

	mu   sync.Mutex
	kept []*ocspstaple.Staple
}

// Current implements [issuer.StapleSource].
func (s *source) Current(now time.Time) ([]*ocspstaple.Staple, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ca.status(s.id.Leaf()) == Good && len(s.kept) > 0 {
		if age := now.Sub(s.kept[0].ThisUpdate()); age >= 0 && age < StapleValidity/2 {
			return s.kept, nil
		}
	}
	leaf := s.id.Leaf()
	staple, err := ocspstaple.Authenticate(s.ca.respond(leaf, s.ca.status(leaf)), leaf, s.ca.party.Cert, now, 0)
	if err != nil {
		return nil, err
	}
	s.kept = []*ocspstaple.Staple{staple}
	return s.kept, nil
}

// Issuer returns an issuer for an identity of this CA. It always has a fresh
// staple, but refuses to sign once the certificate is revoked or the clock is
// past its validity.
func (ca *CA) Issuer(id *certs.Identity) *issuer.Issuer {
	ca.tb.Helper()
	ca.mustHaveIssued(id)
	iss, err := issuer.New(issuer.Config{
		Identity: id, Staples: &source{ca: ca, id: id}, Now: ca.Clock.Now,
	})
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return iss
}

// Token returns a signed token with a staple as of now, as [CA.Issuer] would
// sign it. If the issuer refuses to sign, the test fails.
func (ca *CA) Token(id *certs.Identity, claims issuer.Claims) string {
	ca.tb.Helper()
	raw, err := ca.Issuer(id).Sign(context.Background(), claims)
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return raw
}

// TokenWithStaple returns a token for an audience with this staple, whatever it
// says, or without one if it is nil. An [issuer.Issuer] refuses to sign most of
// them; a thief with the stolen key would not.
func (ca *CA) TokenWithStaple(id *certs.Identity, staple []byte, audience string) string {
	ca.tb.Helper()
	ca.mustHaveIssued(id)
	now := ca.Clock.Now()
	token := testca.NewToken(&testca.Party{Cert: id.Leaf(), Key: id.Key, Issuer: ca.party}, staple)
	if staple == nil {
		token.Header.Drop("ocsp")
	}
	token.Claims.Set("aud", audience)
	token.Claims.Set("jti", rand.Text())
	token.Claims.Set("iat", now.Unix())
	token.Claims.Set("nbf", now.Unix())
	token.Claims.Set("exp", now.Add(issuer.DefaultTTL).Unix())
	return token.Compact()
}
