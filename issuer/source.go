// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled"
)

// maxMargin is the longest time before expiry at which to replace a token.
const maxMargin = time.Minute

// TokenSource supplies tokens with the same claims, and reuses a token while
// that helps verifiers: they recognize it. [Transport] builds on it. It also
// fits anything else that sends bearer tokens, such as gRPC, NATS or
// golang.org/x/oauth2. It is safe for concurrent use.
type TokenSource struct {
	issuer *Issuer
	claims Claims

	current atomic.Pointer[reusable]
	// renewing is held while a token is being signed. It is a channel because
	// waiting for it must end with the caller's context.
	renewing chan struct{}
}

// reusable is a token to use from its signing until its renewal.
type reusable struct {
	header          *header
	raw             string
	signed, renewal time.Time
}

// NewTokenSource returns a source of tokens with these claims. It refuses
// claims that [Issuer.Sign] would refuse. It does not need a staple yet. The
// error is a [*stapled.Error].
func (i *Issuer) NewTokenSource(claims Claims) (*TokenSource, error) {
	if err := claims.check(); err != nil {
		return nil, err
	}
	if _, err := encodeExtra(claims.Extra, claims.Subject != "", claims.Peer != nil); err != nil {
		return nil, stapled.Errorf(stapled.ClaimsInvalid, "%w", err)
	}
	if claims.TTL < 0 || claims.TTL > i.ttl {
		return nil, i.refuseTTL(claims.TTL)
	}
	return &TokenSource{issuer: i, claims: claims, renewing: make(chan struct{}, 1)}, nil
}

// Token returns a token to use now, and the time of its renewal. Code that
// caches tokens, such as golang.org/x/oauth2, must not keep this one for
// longer.
//
// The source reuses a token until a fifth of its lifetime, at most a minute, is
// left. It stops reusing a token once the staple is replaced, the certificate
// rotated, or the certificate known to be revoked. The error is a
// [*stapled.Error] that says which condition for signing fails.
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

// renewOnce signs one token for all callers that arrive in the meantime.
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

// reuse returns the current token if it may be used now, or nil if a new one
// must be signed. It checks every condition for signing again.
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
	// After the clock was set back, a token may be from the future: verifiers
	// with a correct clock refuse it.
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
