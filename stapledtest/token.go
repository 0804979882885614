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

// source asks the CA for a staple when the one that it has is half over, and at
// once after a revocation.
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
	staple, err := ocspstaple.Authenticate(s.ca.respond(leaf, s.ca.status(leaf)), leaf, s.ca.party.Cert, now)
	if err != nil {
		return nil, err
	}
	s.kept = []*ocspstaple.Staple{staple}
	return s.kept, nil
}

// Issuer makes an issuer for an identity of this CA. It never lacks a fresh
// staple, and refuses to sign once the certificate is revoked or the clock has
// left its validity behind.
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

// Token signs a token with a staple of this moment, as [CA.Issuer] does. What
// an issuer refuses to sign fails the test.
func (ca *CA) Token(id *certs.Identity, claims issuer.Claims) string {
	ca.tb.Helper()
	raw, err := ca.Issuer(id).Sign(context.Background(), claims)
	if err != nil {
		ca.tb.Fatalf("stapledtest: %v", err)
	}
	return raw
}

// TokenWithStaple signs a token for an audience that carries this staple,
// whatever it says, and none if it is nil. An [issuer.Issuer] refuses to sign
// most of them; somebody who has stolen the key does not ask one.
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
