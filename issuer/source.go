// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled"
)

// maxMargin is the longest time before its end at which a token is replaced.
const maxMargin = time.Minute

// TokenSource gives tokens of the same claims, and the same token again as long as
// verifiers gain from it: they recognize it. It is what a [Transport] is made of,
// and fits whatever else sends bearer tokens, such as gRPC, NATS or
// golang.org/x/oauth2. It is safe for concurrent use.
type TokenSource struct {
	issuer *Issuer
	claims Claims

	current atomic.Pointer[reusable]
	// renewing is held while a token is signed. It is a channel because
	// waiting for it must end with the context of the caller.
	renewing chan struct{}
}

// reusable is a token that is given from when it was signed until its renewal.
type reusable struct {
	header          *header
	raw             string
	signed, renewal time.Time
}

// NewTokenSource makes a source of tokens with these claims. It refuses claims
// that [Issuer.Sign] would refuse, and does not need a staple yet. The error is a
// [*stapled.Error].
func (i *Issuer) NewTokenSource(claims Claims) (*TokenSource, error) {
	if err := claims.check(); err != nil {
		return nil, err
	}
	if _, err := encodeExtra(claims.Extra, claims.Subject != ""); err != nil {
		return nil, stapled.Errorf(stapled.ClaimsInvalid, "%w", err)
	}
	if claims.TTL < 0 || claims.TTL > i.ttl {
		return nil, i.refuseTTL(claims.TTL)
	}
	return &TokenSource{issuer: i, claims: claims, renewing: make(chan struct{}, 1)}, nil
}

// Token returns a token to use now, and the time from which the source gives
// another one: what keeps tokens, as golang.org/x/oauth2 does, must not keep this
// one for longer.
//
// A token is given again until a fifth of its lifetime, at most a minute, is left.
// It is not given again once its staple has been replaced, the certificate rotated,
// or the certificate known to be revoked. The error is a [*stapled.Error]; it says
// which condition for signing fails.
func (s *TokenSource) Token(ctx context.Context) (raw string, renewal time.Time, err error) {
	held, err := s.reuse()
	if held == nil && err == nil {
		held, err = s.renewOnce(ctx)
	}
	if err != nil {
		return "", time.Time{}, err
	}
	return held.raw, held.renewal, nil
}

// renewOnce signs a token for all callers that come meanwhile.
func (s *TokenSource) renewOnce(ctx context.Context) (*reusable, error) {
	select {
	case s.renewing <- struct{}{}:
		defer func() { <-s.renewing }()
	case <-ctx.Done():
		return nil, stapled.Errorf(stapled.Canceled, "%w", context.Cause(ctx))
	}
	if held, err := s.reuse(); held != nil || err != nil {
		return held, err
	}
	return s.renew()
}

// reuse returns the token that is held if it may be used now, and nil if a new one
// is to be signed. Every condition for signing is checked again.
func (s *TokenSource) reuse() (*reusable, error) {
	held := s.current.Load()
	if held == nil {
		return nil, nil
	}
	now, c := s.issuer.now(), s.issuer.current.Load()
	staples, err := c.usable(now)
	if err != nil {
		return nil, err
	}
	// A token from the future, after the clock was set back, is refused by those
	// whose clock is right.
	if held.header != c.headerOf(staples) || now.Before(held.signed) || !now.Before(held.renewal) {
		return nil, nil
	}
	return held, nil
}

func (s *TokenSource) renew() (*reusable, error) {
	now := s.issuer.now()
	h, err := s.issuer.current.Load().header(now)
	if err != nil {
		return nil, err
	}
	raw, end, err := s.issuer.sign(h, s.claims, now)
	if err != nil {
		return nil, err
	}
	margin := min(end.Sub(now)/5, maxMargin)
	next := &reusable{header: h, raw: raw, signed: now, renewal: end.Add(-margin)}
	s.current.Store(next)
	return next, nil
}
