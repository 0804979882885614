// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/responder"
)

// play runs the story. It returns an error if the stage breaks down; an
// unexpected outcome does not end the story.
func (s *stage) play(ctx context.Context) error {
	for _, chapter := range []func(context.Context) error{s.setUp, s.forgeries, s.revocation, s.lastGoodToken} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// do runs a step that is not a caller's HTTP request.
func (s *stage) do(name, title string, work func() error) error {
	s.show.begin(title)
	start := time.Now()
	if err := work(); err != nil {
		return err
	}
	return s.show.end(step{Step: name, title: title, Expected: accepted, Outcome: accepted, MS: inMS(time.Since(start))})
}

// present runs a step in which a gateway decides about a token.
func (s *stage) present(ctx context.Context, g *replica, name, title, expected string, reason stapled.Reason, token string) error {
	s.show.begin(title)
	d, err := g.present(ctx, token)
	if err != nil {
		return err
	}
	return s.show.end(d.step(name, title, expected, reason))
}

func (d decision) step(name, title, expected string, reason stapled.Reason) step {
	return step{
		Step: name, title: title, Expected: expected, expectedReason: string(reason),
		Outcome: d.outcome, Reason: string(d.reason), HTTPStatus: d.status, MS: inMS(d.took),
	}
}

func (s *stage) sign(ctx context.Context) (string, error) {
	return s.orders.issuer.Sign(ctx, issuer.Claims{
		Audience: []string{audience}, Subject: "alice", Extra: map[string]string{"role": "reader"},
	})
}

func (s *stage) setUp(ctx context.Context) error {
	err := s.show.chapter("A service and its token", fmt.Sprintf("Staples are valid for %s here, by default for %s. For a decision of a gateway, the time shown is that of the verification.", timetext.Duration(s.validity), timetext.Duration(responder.DefaultValidity)))
	if err != nil {
		return err
	}
	if err := s.do("ca_up", "CA and OCSP responder up", func() error { return s.startCA(ctx) }); err != nil {
		return err
	}
	err = s.do("certificate_issued", "orders.internal gets a certificate", func() (err error) {
		s.orders, err = s.newService(ctx, "orders.internal")
		return err
	})
	if err != nil {
		return err
	}
	if s.front, err = s.newGateway(); err != nil {
		return err
	}
	if s.back, err = s.newGateway(); err != nil {
		return err
	}
	token, err := s.sign(ctx)
	if err != nil {
		return err
	}
	return s.present(ctx, s.front, "token_accepted", "its token", accepted, "", token)
}

func (s *stage) forgeries(ctx context.Context) error {
	err := s.show.chapter("The same service, with something wrong",
		"Every refusal is the same 401 for the caller; the reason is from the gateway's own log.")
	if err != nil {
		return err
	}
	if s.billing, err = s.newService(ctx, "billing.internal"); err != nil {
		return err
	}
	for _, forgery := range []struct {
		name, title string
		reason      stapled.Reason
		make        func(genuine string) (string, error)
	}{
		{"without_staple", "without a staple", stapled.StapleMissing, func(genuine string) (string, error) {
			return forge(s.orders.identity, genuine)
		}},
		{"staple_of_another_certificate", "with another certificate's staple", stapled.StapleMismatch, func(genuine string) (string, error) {
			staples, err := s.billing.keeper.Current(time.Now())
			if err != nil {
				return "", err
			}
			return forge(s.orders.identity, genuine, staples[0].DER())
		}},
		{"staple_signed_by_itself", "with a staple that it signed itself", stapled.StapleUntrusted, func(genuine string) (string, error) {
			der, err := selfSign(s.orders.identity, s.validity)
			if err != nil {
				return "", err
			}
			return forge(s.orders.identity, genuine, der)
		}},
		{"claim_changed", "with a changed claim", stapled.SignatureInvalid, promote},
	} {
		genuine, err := s.sign(ctx)
		if err != nil {
			return err
		}
		token, err := forgery.make(genuine)
		if err != nil {
			return err
		}
		if err := s.present(ctx, s.front, forgery.name, forgery.title, rejected, forgery.reason, token); err != nil {
			return err
		}
	}
	return nil
}

// last is the last token signed before the revocation.
type last struct {
	token      string
	nextUpdate time.Time
	revokedAt  time.Time
}

func (s *stage) revocation(ctx context.Context) error {
	if err := s.show.chapter("Its certificate is revoked"); err != nil {
		return err
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	var err error
	if s.last.token, err = s.sign(ctx); err != nil {
		return err
	}
	staples, err := s.orders.keeper.Current(time.Now())
	if err != nil {
		return err
	}
	s.last.nextUpdate = staples[0].NextUpdate()
	leaf := s.orders.identity.Leaf()
	err = s.do("certificate_revoked", "the CA revokes it (keyCompromise)", func() error {
		return s.client.Revoke(ctx, leaf.SerialNumber, 1, "demo")
	})
	if err != nil {
		return err
	}
	s.last.revokedAt = time.Now()

	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{})
	if err != nil {
		return err
	}
	revoked, err := fetcher.Fetch(ctx, stapler.Request{Certificate: leaf, Issuer: s.orders.identity.Chain[1]})
	if err != nil {
		return err
	}
	token, err := forge(s.orders.identity, s.last.token, revoked)
	if err != nil {
		return err
	}
	if err := s.present(ctx, s.front, "revoked_staple", "a token with the revoked staple", rejected, stapled.CertificateRevoked, token); err != nil {
		return err
	}
	if err := s.issuerRefuses(ctx); err != nil {
		return err
	}
	return s.present(ctx, s.front, "last_good_token_where_revocation_was_seen", "the last good token, same gateway", rejected, stapled.CertificateRevoked, s.last.token)
}

// refresh gets the newest staple available, as anybody who wants to outlive a
// revocation would.
func (s *stage) refresh(ctx context.Context) error {
	staples, err := s.orders.keeper.Current(time.Now())
	if err != nil {
		return err
	}
	// OCSP counts in whole seconds: within a second there is no newer answer.
	if now := time.Now(); now.Truncate(time.Second).After(staples[0].ThisUpdate()) {
		return s.orders.keeper.Refresh(ctx)
	}
	return nil
}

func (s *stage) issuerRefuses(ctx context.Context) error {
	const title = "the service tries to sign again"
	s.show.begin(title)
	start := time.Now()
	// A running stapler learns it at its next refresh; this is that refresh.
	if err := s.orders.keeper.Refresh(ctx); err != nil && !errors.Is(err, stapled.CertificateRevoked) {
		return err
	}
	result := step{
		Step: "issuer_refuses", title: title, Expected: rejected,
		expectedReason: string(stapled.CertificateRevoked), Outcome: accepted,
	}
	if _, err := s.sign(ctx); err != nil {
		var refused *stapled.Error
		if !errors.As(err, &refused) {
			return err
		}
		result.Outcome, result.Reason = rejected, string(refused.Reason)
	}
	result.MS = inMS(time.Since(start))
	return s.show.end(result)
}
