// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
)

const (
	// firstRetry is the wait after one failure.
	firstRetry = time.Second
	// maxRetryAfter is the longest Retry-After that counts.
	maxRetryAfter = 10 * time.Minute
	// The intervals between log lines about one outage. They double.
	firstSilence = 10 * time.Second
	lastSilence  = time.Hour
)

// wait returns the time until the next look, after one that ended with err and
// followed this many failures.
func (s *Source) wait(err error, failures int, now time.Time) time.Duration {
	left := time.Duration(0) // that the current list has
	if e := s.current.Load(); s.usable(e, now) == nil {
		left = e.nextUpdate.Sub(now)
	}
	if err == nil {
		// The bound counts on Poll, so jitter only shortens it. Close to its end,
		// look ever more often for the next list.
		wait := scale(s.cfg.Poll, 0.9+0.1*rand.Float64())
		return min(wait, max(left/2, firstRetry))
	}
	wait := firstRetry
	for range failures {
		if wait *= 2; wait >= s.cfg.Poll {
			break
		}
	}
	wait = scale(min(wait, s.cfg.Poll), 0.5+0.5*rand.Float64())
	if left > 0 {
		wait = min(wait, max(left/2, firstRetry))
	}
	var asked *busy
	if !errors.As(err, &asked) {
		return wait
	}
	wish := asked.wait
	if left > 0 {
		wish = min(wish, left/2)
	} else {
		// Without a list nothing can be answered.
		wish = min(wish, s.cfg.Poll)
	}
	return max(wait, wish)
}

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}

// outage counts failures in a row, and decides which of them to log. Only Run
// uses it.
type outage struct {
	failures int
	began    time.Time
	told     map[news]bool // a new kind is logged at once
	logged   time.Time
	silence  time.Duration
	unsaid   int
}

type news struct{ refused, usable bool }

// failed counts a failure, and reports whether to log it and how many have not
// been logged before it.
func (o *outage) failed(now time.Time, what news) (unsaid int, log bool) {
	if o.failures == 0 {
		o.began, o.told, o.silence = now, make(map[news]bool), firstSilence
	}
	o.failures++
	switch since := now.Sub(o.logged); {
	case !o.told[what]:
		o.told[what] = true
	case since >= o.silence || since < 0:
		o.silence = min(2*o.silence, lastSilence)
	default:
		o.unsaid++
		return 0, false
	}
	unsaid, o.unsaid, o.logged = o.unsaid, 0, now
	return unsaid, true
}

// tell logs how a look ended.
func (s *Source) tell(o *outage, err error, wait time.Duration, now time.Time) {
	if err == nil {
		if o.failures > 0 {
			s.cfg.Logger.Info("CRL is available again", "from", s.from.String(), "failures", o.failures, "since", o.began)
		}
		*o = outage{}
		return
	}
	var refused *refusal
	e := s.current.Load()
	usable := s.usable(e, now) == nil
	unsaid, log := o.failed(now, news{errors.As(err, &refused), usable})
	if !log {
		return
	}
	attrs := []any{slog.Any("error", err), slog.String("again_in", timetext.Duration(wait.Round(time.Millisecond))), slog.Int("failures", o.failures)}
	if unsaid > 0 {
		attrs = append(attrs, slog.Int("left_out", unsaid))
	}
	if usable {
		s.cfg.Logger.Warn("no new CRL; the current one stays in use", append(attrs, slog.Time("next_update", e.nextUpdate))...)
		return
	}
	s.cfg.Logger.Error("no CRL; OCSP requests are answered tryLater", attrs...)
}
