// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"time"
)

const (
	// urgent is the longest wait without a fresh staple: nothing can be signed,
	// so the back-off of an outage must not outlive it.
	urgent = 5 * time.Second
	// patience is the shortest time between the starts of two attempts when
	// [Stapler.Nudge] asks for the second.
	patience = time.Second
)

// window is the time during which a staple can be used: from thisUpdate until it
// is no longer fresh. The zero window is that of no staple.
type window struct{ from, until time.Time }

// left returns how long the staple stays fresh. It may be negative.
func (w window) left(now time.Time) time.Duration {
	if w.until.IsZero() {
		return 0
	}
	return w.until.Sub(now)
}

// plan decides when to ask.
type plan struct {
	min, max time.Duration
	// random returns a number in [0,1).
	random func() float64
}

// refresh returns when to replace a staple: halfway through its freshness, give
// or take 10 %. The other half is for retries. Without a staple it returns now.
func (p plan) refresh(held window, now time.Time) time.Time {
	return p.due(held, now, 0.9, 1.1)
}

// scatter is refresh for a staple that may have come at the same moment as those
// of many others: when a fleet starts, and when its responders are back after an
// outage. It spreads them from nearly half to three quarters of the freshness, so
// that the fleet does not ask together then, nor ever after. Earlier would be too
// early: responders and caches give the same answer again.
func (p plan) scatter(held window, now time.Time) time.Time {
	return p.due(held, now, 0.9, 1.5)
}

// due returns a random time between two multiples of half the freshness.
func (p plan) due(held window, now time.Time, from, to float64) time.Time {
	if held.until.IsZero() {
		return now
	}
	half := held.until.Sub(held.from) / 2
	due := held.from.Add(scale(half, from+(to-from)*p.random()))
	// A responder may give answers that are already past their half, and newer
	// ones each time.
	if earliest := now.Add(p.min); due.Before(earliest) {
		return earliest
	}
	return due
}

// retry returns the wait from the start of the last of several consecutive
// failures to the next attempt: doubling, capped, and randomly shortened by up
// to half. While the current staple is still fresh, the wait is at most a
// quarter of the remaining time, so that several attempts fit; after that it is
// short.
func (p plan) retry(failures int, held window, now time.Time) time.Duration {
	limit := p.limit(held, now)
	delay := p.min
	for range failures - 1 {
		if delay >= limit/2 {
			delay = limit
			break
		}
		delay *= 2
	}
	if left := held.left(now); left > 0 {
		delay = min(delay, max(left/4, p.urgent()))
	}
	return p.jittered(min(delay, limit))
}

// respect returns how long to honor a responder's request to wait: no longer
// than the plan ever waits, and not long past the end of the current staple.
func (p plan) respect(wish time.Duration, held window, now time.Time) time.Duration {
	wish = min(wish, p.limit(held, now))
	if left := held.left(now); left > 0 && wish > left {
		wish = min(wish, left+p.jittered(p.urgent()))
	}
	return wish
}

// limit returns the longest wait.
func (p plan) limit(held window, now time.Time) time.Duration {
	if held.left(now) > 0 {
		return p.max
	}
	return min(p.max, p.urgent())
}

// urgent returns the longest wait without a fresh staple. A longer RetryMin is
// deliberate and takes precedence.
func (p plan) urgent() time.Duration { return max(urgent, p.min) }

func (p plan) jittered(d time.Duration) time.Duration { return scale(d, 0.5+0.5*p.random()) }

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}
