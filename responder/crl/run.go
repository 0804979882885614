// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// Run keeps the list up to date until the context ends, and returns its cause.
// It looks at once, and then at least every Config.Poll. After a failure it
// looks again after a second, then after twice that, up to Config.Poll; it
// honors Retry-After for up to ten minutes, but not for more than half of the
// time that the current list still has. All waits are jittered. Call Run once.
func (s *Source) Run(ctx context.Context) error {
	if s.from == nil {
		return errNotMade
	}
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("crl: Source.Run has been called before")
	}
	var out outage
	for {
		err := s.refresh(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		now := s.cfg.Now()
		wait := s.wait(err, out.failures, now)
		s.tell(&out, err, wait, now)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// Refresh looks once, now, whether there is a new list. It is for a first list
// before a responder starts, and for programs that do not use [Source.Run]. An
// error says why there is no new list; an unchanged one is no error. The
// current list stays in use.
func (s *Source) Refresh(ctx context.Context) error {
	if s.from == nil {
		return errNotMade
	}
	if err := s.refresh(ctx); err != nil {
		return fmt.Errorf("crl: %w", err)
	}
	return nil
}

func (s *Source) refresh(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	err := s.look(ctx)
	now := s.cfg.Now()
	s.mu.Lock()
	if s.report.lastError = err; err == nil {
		s.report.lastSuccess = now
	}
	s.mu.Unlock()
	if s.unsaved {
		s.save()
	}
	return err
}

// look gets the list and puts it into effect if it is new.
func (s *Source) look(ctx context.Context) error {
	slow := fmt.Errorf("no complete answer within %s: %w", timetext.Duration(s.cfg.Timeout), context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, slow)
	defer cancel()
	// A list that does not count any longer must be replaced, not confirmed.
	confirm := s.usable(s.current.Load(), s.cfg.Now()) == nil
	body, err := s.from.fetch(ctx, confirm)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == slow {
			return fmt.Errorf("GET %s: %w", s.from, slow)
		}
		return err
	}
	if body == nil {
		return nil
	}
	if err := s.take(body.data); err != nil {
		return &refusal{fmt.Errorf("the list from %s %w", s.from, err)}
	}
	s.from.taken(body)
	return nil
}

// refusal is the failure of a refresh that got something, and not a list that
// it could use.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// take puts a list into effect, or says why it cannot. The caller holds
// refreshing.
func (s *Source) take(data []byte) error {
	// 1. The list by itself.
	der, err := decode(data)
	if err != nil {
		return err
	}
	l, err := parse(der, s.cfg.Issuer)
	if err != nil {
		return err
	}
	// 2. Its times.
	now := s.cfg.Now()
	if now.After(l.nextUpdate) {
		return fmt.Errorf("ended at %s, and it is %s: does the CA still make lists?", timetext.Stamp(l.nextUpdate), timetext.Stamp(now))
	}
	if l.thisUpdate.Sub(now) > maxAhead {
		return fmt.Errorf("begins at %s, and it is %s: compare this clock with the CA's", timetext.Stamp(l.thisUpdate), timetext.Stamp(now))
	}
	// 3. The lists before it.
	known, err := l.follows(s.newest)
	if err != nil {
		return s.withStateFile(err)
	}
	last := s.current.Load()
	if known && last != nil && last.digest == l.digest {
		return nil // the same list, encoded or signed in another way
	}
	// 4. It takes effect, whether or not the disk is full: it may have a
	// revocation.
	next := &effective{list: l, since: now, version: 1}
	if last != nil {
		next.version = last.version + 1
	}
	// Its revocations are remembered before anybody can rely on it. The recorder
	// reports what it cannot write, and remembers it meanwhile.
	if s.cfg.Recorder != nil {
		_ = s.cfg.Recorder.Record(l.entries.added(last.entriesOf()))
	}
	s.current.Store(next)
	s.newest = &next.issue
	if s.cfg.StateFile != "" && !known {
		s.unsaved = true // refresh saves it
	}
	s.cfg.Logger.Info("CRL taken into use", "from", s.from.String(), "number", l.number.String(), "entries", len(l.entries),
		"this_update", l.thisUpdate, "next_update", l.nextUpdate)
	return nil
}

// withStateFile says how to accept an older list on purpose.
func (s *Source) withStateFile(err error) error {
	if s.cfg.StateFile == "" {
		return fmt.Errorf("%w. If the CA was restored on purpose, restart this program", err)
	}
	return fmt.Errorf("%w. If the CA was restored on purpose, remove %s and restart this program", err, s.cfg.StateFile)
}

// follows reports whether the list is the newest one known, and returns an
// error if it is neither that one nor a later one.
func (i *issue) follows(newest *issue) (same bool, err error) {
	if newest == nil {
		return false, nil
	}
	if i.digest == newest.digest {
		return true, nil
	}
	switch order := i.number.Cmp(newest.number); {
	case order < 0:
		return false, fmt.Errorf("goes back: its crlNumber is %s, after %s", i.number, newest.number)
	case i.thisUpdate.Before(newest.thisUpdate):
		return false, fmt.Errorf("goes back: its thisUpdate is %s, after %s", timetext.Stamp(i.thisUpdate), timetext.Stamp(newest.thisUpdate))
	case order == 0 && i.thisUpdate.Equal(newest.thisUpdate):
		return false, fmt.Errorf("has the crlNumber %s and the thisUpdate of another list, so it may be older: the CA must number each list (RFC 5280 §5.2.3)", i.number)
	}
	return false, nil
}
