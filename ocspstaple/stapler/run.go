// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// glance is how often a long wait checks the wall clock: the machine may have
// slept, or its clock may have been set.
const glance = time.Minute

// Run keeps the staples fresh until the context ends, and then returns its
// cause. It returns earlier only if continuing is pointless, with a
// [*stapled.Error]: CertificateRevoked or CertificateExpired. Call it once.
//
// After a failure it asks again after RetryMin, then after twice that, up to
// RetryMax. Without a fresh staple, it waits at most five seconds, or RetryMin
// if that is longer. It honors Retry-After within the same limits. All waits
// are jittered. The first staple, and the one after a failure, may be kept for
// three quarters of its time instead of half: a fleet that started together does
// not ask together.
func (s *Stapler) Run(ctx context.Context) error {
	if s.current.Load() == nil {
		return errNotMade()
	}
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("Stapler.Run has been called before")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, sub := range s.subjects {
		wg.Go(func() {
			// The first to give up stops the rest.
			stop(s.keep(ctx, sub))
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Nudge makes [Stapler.Run] ask soon for each staple that is missing or no
// longer fresh: at once, or a second after the last attempt began, or when a
// Retry-After has passed. All calls until then cause one attempt. Package
// issuer calls Nudge when it cannot sign a token. Nudge does not block.
func (s *Stapler) Nudge() {
	st := s.current.Load()
	if st == nil || st.revoked != nil {
		return
	}
	now := s.now()
	for i, staple := range st.staples {
		if s.check(i, staple, now) == nil {
			continue
		}
		select {
		case s.subjects[i].nudged <- struct{}{}:
		default:
		}
	}
}

// Refresh asks for every staple once, now, without [Stapler.Run]. It is for
// programs that sign and exit. The error says why there is no staple to sign
// with or, if there is an older one, why there is no new one: [Stapler.Current]
// may have usable staples despite the error. An answer no newer than the
// current staple is not a failure.
//
// If the certificate is only minutes old and its responder does not know it
// yet, Refresh asks again, for up to half of Timeout. If the certificate has
// expired, Refresh asks nobody.
func (s *Stapler) Refresh(ctx context.Context) error {
	if s.current.Load() == nil {
		return errNotMade()
	}
	failures := make([]*stapled.Error, len(s.subjects))
	var wg sync.WaitGroup
	for i, sub := range s.subjects {
		wg.Go(func() { failures[i] = s.insist(ctx, sub) })
	}
	wg.Wait()
	if _, err := s.Current(s.now()); err != nil {
		return err
	}
	for _, failure := range failures {
		if failure != nil && failure.Reason != stapled.StapleNotNewer {
			return failure
		}
	}
	return nil
}

// insist makes one attempt, and more while the certificate may be too new for
// its responder.
func (s *Stapler) insist(ctx context.Context, sub *subject) *stapled.Error {
	if err := s.expired(sub); err != nil {
		s.fail(sub, err, 0)
		return err
	}
	waited, delay := time.Duration(0), s.cfg.RetryMin
	for {
		err := s.attempt(ctx, sub)
		if err == nil || err.Reason == stapled.CertificateRevoked {
			return nil // Current reports the same
		}
		if err.Reason != stapled.StapleNotYetKnown || waited+delay > s.cfg.Timeout/2 {
			s.fail(sub, err, 0)
			return err
		}
		s.fail(sub, err, delay)
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return err
		}
		waited, delay = waited+delay, 2*delay
	}
}

// expired returns an error if the certificate has expired: no answer of the
// responder could help.
func (s *Stapler) expired(sub *subject) *stapled.Error {
	if !s.now().After(sub.cert.NotAfter) {
		return nil
	}
	return fail(stapled.CertificateExpired, "%s ended at %s: enroll a new certificate", sub, timetext.Stamp(sub.cert.NotAfter))
}

// keep keeps one staple fresh.
func (s *Stapler) keep(ctx context.Context, sub *subject) error {
	schedule := newSchedule(s.plan(), s.window(s.held(sub)), s.now())
	for {
		if err := s.wait(ctx, sub, schedule.next, schedule.soonest); err != nil {
			return err
		}
		if err := s.expired(sub); err != nil {
			s.log.Error("no staple can help any more", "error", err)
			s.change(func(st *state) { st.failed[sub.index], st.ended = err, true })
			return err
		}
		began := s.now()
		err := s.attempt(ctx, sub)
		// Drop a nudge from before the end of the attempt: it got what it
		// wanted.
		select {
		case <-sub.nudged:
		default:
		}
		now, held := s.now(), s.window(s.held(sub))
		switch {
		case err == nil:
			schedule.succeeded(began, now, held)
		case err.Reason == stapled.CertificateRevoked:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		default:
			schedule.failed(began, now, held, retryAfter(err))
			s.fail(sub, err, schedule.next.Sub(now))
		}
	}
}

func (s *Stapler) plan() plan {
	return plan{min: s.cfg.RetryMin, max: s.cfg.RetryMax, random: rand.Float64}
}

// window returns when a staple can be used; nil is none.
func (s *Stapler) window(held *ocspstaple.Staple) window {
	if held == nil {
		return window{}
	}
	return window{held.ThisUpdate(), held.FreshUntil(s.freshness)}
}

// held returns the current staple, or nil. It ignores a staple from the future:
// the clock has been set back, and every true answer would be older than that
// staple.
func (s *Stapler) held(sub *subject) *ocspstaple.Staple {
	staple := s.current.Load().staples[sub.index]
	if staple != nil && errors.Is(staple.Check(s.now(), s.freshness), stapled.StapleNotYetValid) {
		return nil
	}
	return staple
}

// attempt asks the responder and stores the answer. It returns nil only if the
// answer is a newer, fresh and good staple.
func (s *Stapler) attempt(ctx context.Context, sub *subject) *stapled.Error {
	select {
	case sub.turn <- struct{}{}:
		defer func() { <-sub.turn }()
	case <-ctx.Done():
		return fail(stapled.FetchFailed, "%s: %w", sub, context.Cause(ctx))
	}
	if revoked := s.current.Load().revoked; revoked != nil {
		return revoked
	}
	t := &trial{stapler: s, subject: sub}
	staple, err := t.ask(ctx, sub.pastCaches)
	// A cache on the way may have returned an old answer (RFC 9919 §7).
	if err != nil && !sub.pastCaches && slices.ContainsFunc(t.refused, comesFromCache) {
		t = &trial{stapler: s, subject: sub}
		staple, err = t.ask(ctx, true)
	}
	// If even the responder itself has nothing fresh, one request is enough.
	sub.pastCaches = err != nil && err.Reason == stapled.StapleStale
	if err != nil && !isRevoked(staple) {
		return err
	}
	s.hold(sub, staple, true)
	return err
}

// comesFromCache reports whether the responder's current answer might fix a
// failure.
func comesFromCache(reason stapled.Reason) bool {
	return reason == stapled.StapleNotNewer || reason == stapled.StapleStale
}

// wait returns nil at until, or earlier if the clock is set back. If the
// context ends, it returns the cause. A nudge moves the end of the wait to
// soonest.
func (s *Stapler) wait(ctx context.Context, sub *subject, until, soonest time.Time) error {
	// Use the wall clock, not the time that the process ran.
	until, soonest = until.Round(0), soonest.Round(0)
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
		case <-sub.nudged:
			timer.Stop()
			if soonest.Before(until) {
				until = soonest
			}
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}
