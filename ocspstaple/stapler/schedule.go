// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import "time"

// schedule is when to ask about one certificate. It knows outcomes and times
// only, so that a test can run the schedules of a whole fleet.
type schedule struct {
	plan
	// next is when to ask. soonest is when to ask if somebody needs a staple.
	next, soonest time.Time
	failures      int // in a row
	// scattered is false until there has been a staple, and after a failure.
	scattered bool
}

// newSchedule returns the schedule of a certificate whose staple, if there is
// one, was kept from an earlier run.
func newSchedule(p plan, held window, now time.Time) *schedule {
	return &schedule{plan: p, next: p.refresh(held, now), scattered: !held.until.IsZero()}
}

// succeeded plans what follows an attempt that brought the staple now held.
func (s *schedule) succeeded(began, now time.Time, held window) {
	s.soonest = began.Add(patience)
	if s.scattered {
		s.next = s.refresh(held, now)
	} else {
		s.next = s.scatter(held, now)
	}
	s.failures, s.scattered = 0, true
}

// failed plans what follows an attempt that brought nothing. The responder's
// wish is how long it asked to wait, or 0.
func (s *schedule) failed(began, now time.Time, held window, wish time.Duration) {
	s.failures++
	s.scattered = false
	s.soonest = began.Add(patience)
	// Count from the start of the attempt: a long attempt was itself a wait.
	s.next = latest(began.Add(s.retry(s.failures, held, now)), now.Add(s.jittered(s.min)))
	if wish > 0 {
		s.soonest = latest(s.soonest, now.Add(s.respect(wish, held, now)))
		s.next = latest(s.next, s.soonest)
	}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
