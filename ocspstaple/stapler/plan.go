// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"math/rand/v2"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

const (
	// urgent is the longest wait while no fresh staple is held: nothing can be
	// signed, so the back-off of an outage must not outlive it.
	urgent = 5 * time.Second
	// patience is the shortest time from the beginning of one attempt to that of
	// the next, if [Stapler.Nudge] asks for it.
	patience = time.Second
)

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

// retry is the wait from the beginning of the last of a number of failures in a
// row to the next attempt: doubling, capped, and shortened by up to a half at
// random. While the staple held is still fresh, it is at most a quarter of what
// is left, so that several attempts fit in; from then on it is short.
func (p plan) retry(failures int, held *ocspstaple.Staple, now time.Time) time.Duration {
	limit := p.limit(held, now)
	delay := p.min
	for range failures - 1 {
		if delay >= limit/2 {
			delay = limit
			break
		}
		delay *= 2
	}
	if left := p.left(held, now); left > 0 {
		delay = min(delay, max(left/4, p.urgent()))
	}
	return jittered(min(delay, limit))
}

// respect is how long the wish of a responder to be left alone is heeded, from
// when it was heard: no longer than the plan ever waits, and not long past the
// end of what is held.
func (p plan) respect(wish time.Duration, held *ocspstaple.Staple, now time.Time) time.Duration {
	wish = min(wish, p.limit(held, now))
	if left := p.left(held, now); left > 0 && wish > left {
		wish = min(wish, left+jittered(p.urgent()))
	}
	return wish
}

// limit is the longest wait.
func (p plan) limit(held *ocspstaple.Staple, now time.Time) time.Duration {
	if p.left(held, now) > 0 {
		return p.max
	}
	return min(p.max, p.urgent())
}

// urgent is the longest wait without a fresh staple. A longer first wait is
// configured on purpose, and counts.
func (p plan) urgent() time.Duration { return max(urgent, p.min) }

// left is for how long what is held is still fresh, which may be negative.
func (p plan) left(held *ocspstaple.Staple, now time.Time) time.Duration {
	if held == nil {
		return 0
	}
	return held.FreshUntil(p.freshness).Sub(now)
}

func jittered(d time.Duration) time.Duration { return scale(d, 0.5+0.5*rand.Float64()) }

func scale(d time.Duration, factor float64) time.Duration {
	return time.Duration(float64(d) * factor)
}
