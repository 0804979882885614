// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// glance is how often a long wait looks at the wall clock: a machine that was
// asleep, or whose clock was set, must not sleep on.
const glance = time.Minute

// Run keeps the staples fresh until the context ends, and then returns its
// cause. It returns earlier, with an [*Error], only if going on is pointless:
// CertificateRevoked or CertificateExpired. It is called once.
func (s *Stapler) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("Stapler.Run has been called before")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, sub := range s.subjects {
		wg.Go(func() {
			// The first to give up stops the others.
			stop(s.keep(ctx, sub))
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Refresh asks for every staple once, now, without [Stapler.Run]: for a program
// that signs and ends. The error says why there is no staple to sign with or, if
// there is one that was held before, why there is no new one: [Stapler.Current]
// may have staples beside it. An answer that is no newer than what is held is no
// failure.
func (s *Stapler) Refresh(ctx context.Context) error {
	failures := make([]*Error, len(s.subjects))
	var wg sync.WaitGroup
	for i, sub := range s.subjects {
		wg.Go(func() {
			if err := s.attempt(ctx, sub); err != nil && err.Reason != CertificateRevoked {
				s.fail(sub, err, 1, 0)
				failures[i] = err
			}
		})
	}
	wg.Wait()
	if _, err := s.Current(s.now()); err != nil {
		return err
	}
	for _, failure := range failures {
		if failure != nil && failure.Reason != NotNewer {
			return failure
		}
	}
	return nil
}

// keep keeps one staple fresh.
func (s *Stapler) keep(ctx context.Context, sub *subject) error {
	plan := plan{min: s.cfg.RetryMin, max: s.cfg.RetryMax, freshness: s.freshness}
	next := plan.refresh(s.held(sub), s.now())
	for failures := 0; ; {
		if err := s.wait(ctx, next); err != nil {
			return err
		}
		if s.now().After(sub.cert.NotAfter) {
			err := fail(CertificateExpired, "%s ended at %s: enrol a new certificate",
				sub, timetext.Stamp(sub.cert.NotAfter))
			s.log.Error("no staple can help any more", "error", err)
			s.change(func(st *state) { st.failed[sub.index], st.ended = err, true })
			return err
		}
		err := s.attempt(ctx, sub)
		switch {
		case err == nil:
			failures = 0
			next = plan.refresh(s.held(sub), s.now())
		case err.Reason == CertificateRevoked:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		default:
			failures++
			delay := plan.retry(failures, s.held(sub), s.now())
			s.fail(sub, err, failures, delay)
			next = s.now().Add(delay)
		}
	}
}

// held is the staple in use, or nil. One from the future is none: the clock has
// been set back, and every true answer would be older than that staple.
func (s *Stapler) held(sub *subject) *ocspstaple.Staple {
	staple := s.current.Load().staples[sub.index]
	if staple != nil && errors.Is(staple.Check(s.now(), s.freshness), ocspstaple.NotYetValid) {
		return nil
	}
	return staple
}

// attempt asks the responder and holds the answer. It returns nil only if it
// is a newer, fresh and good staple.
func (s *Stapler) attempt(ctx context.Context, sub *subject) *Error {
	select {
	case sub.turn <- struct{}{}:
		defer func() { <-sub.turn }()
	case <-ctx.Done():
		return fail(FetchFailed, "%s: %w", sub, context.Cause(ctx))
	}
	if revoked := s.current.Load().revoked; revoked != nil {
		return revoked
	}
	staple, err := s.ask(ctx, sub)
	if err != nil && comesFromCache(err.Reason) {
		// A cache on the way may have kept an old answer (RFC 9919 §7).
		staple, err = s.ask(WithRevalidation(ctx), sub)
	}
	if err != nil && !isRevoked(staple) {
		return err
	}
	s.hold(sub, staple, true)
	return err
}

// comesFromCache tells which failures the responder's current answer may cure.
func comesFromCache(reason Reason) bool { return reason == NotNewer || reason == Stale }

// ask returns a staple without an error if it may be held, and one with the
// error CertificateRevoked.
func (s *Stapler) ask(ctx context.Context, sub *subject) (*ocspstaple.Staple, *Error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	der, err := s.cfg.Fetcher.Fetch(ctx, sub.cert, sub.issuer)
	if err != nil {
		failure := about(err, sub.String())
		failure.Reason = FetchFailed // whatever it claims: only a response proves more
		return nil, failure
	}
	now := s.now()
	staple, err := sub.examine(der, now, s.freshness)
	switch held := s.held(sub); {
	case isFinal(staple):
		// Whatever its age: an authentic revocation outweighs a good of any date.
	case isRevoked(staple) && now.After(staple.FreshUntil(s.freshness)):
		return nil, fail(Stale, "%s: the answer says on hold as of %s", sub, timetext.Stamp(staple.ThisUpdate()))
	case err != nil && !isRevoked(staple):
		return nil, about(err, sub.String())
	case held != nil && !newer(staple, held):
		return nil, fail(NotNewer, "%s: the responder's answer is from %s, the one held from %s",
			sub, timetext.Stamp(staple.ThisUpdate()), timetext.Stamp(held.ThisUpdate()))
	}
	if isRevoked(staple) {
		return staple, about(err, sub.String())
	}
	return staple, nil
}

// newer compares thisUpdate, and then nextUpdate: a responder that is fed by a
// CRL says for longer what it knows from the same time. Of the same time, a bad
// word outweighs a good one.
func newer(staple, held *ocspstaple.Staple) bool {
	if staple.ThisUpdate().Equal(held.ThisUpdate()) {
		return isRevoked(staple) || staple.NextUpdate().After(held.NextUpdate())
	}
	return staple.ThisUpdate().After(held.ThisUpdate())
}

// plan says when to ask.
type plan struct {
	min, max  time.Duration
	freshness ocspstaple.Freshness
}

// refresh is the time at which a held staple is to be replaced: half-way
// through its freshness, give or take 10 % so that a fleet that started
// together does not ask together. The other half is for retries. Without one it
// is now.
func (p plan) refresh(held *ocspstaple.Staple, now time.Time) time.Time {
	if held == nil {
		return now
	}
	half := held.FreshUntil(p.freshness).Sub(held.ThisUpdate()) / 2
	due := held.ThisUpdate().Add(scale(half, 0.9+0.2*rand.Float64()))
	// A responder may give answers that are past their half already, and newer
	// ones each time.
	if earliest := now.Add(p.min); due.Before(earliest) {
		return earliest
	}
	return due
}

// retry is the wait after a number of failures in a row: doubling, capped, and
// shortened by up to a half at random. While the staple held is still fresh, it
// is at most a quarter of what is left, so that several attempts fit in.
func (p plan) retry(failures int, held *ocspstaple.Staple, now time.Time) time.Duration {
	delay := p.min
	for range failures - 1 {
		if delay >= p.max/2 {
			delay = p.max
			break
		}
		delay *= 2
	}
	if held != nil {
		if left := held.FreshUntil(p.freshness).Sub(now); left > 0 {
			delay = min(delay, max(left/4, p.min))
		}
	}
	return scale(delay, 0.5+0.5*rand.Float64())
}

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}

// wait returns nil at the time, or earlier if the clock is set back, or the cause
// for which the context ended.
func (s *Stapler) wait(ctx context.Context, until time.Time) error {
	// The wall clock counts, not the time that the process ran.
	until = until.Round(0)
	for last := s.now().Round(0); ; {
		now := s.now().Round(0)
		left := until.Sub(now)
		if left <= 0 || now.Before(last) {
			return context.Cause(ctx)
		}
		last = now
		timer := time.NewTimer(min(left, glance))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}
