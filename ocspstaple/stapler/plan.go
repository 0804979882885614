// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"math/rand/v2"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

const (
	// urgent is the longest wait without a fresh staple: nothing can be signed,
	// so the back-off of an outage must not outlive it.
	urgent = 5 * time.Second
	// patience is the shortest time between the starts of two attempts when
	// [Stapler.Nudge] asks for the second.
	patience = time.Second
)

// plan decides when to ask.
type plan struct {
	min, max  time.Duration
	freshness ocspstaple.Freshness
}

// refresh returns when to replace a staple: halfway through its freshness, give
// or take 10 %, so that a fleet that started together does not ask together.
// The other half is for retries. Without a staple it returns now.
func (p plan) refresh(held *ocspstaple.Staple, now time.Time) time.Time {
	if held == nil {
		return now
	}
	half := held.FreshUntil(p.freshness).Sub(held.ThisUpdate()) / 2
	due := held.ThisUpdate().Add(scale(half, 0.9+0.2*rand.Float64()))
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

// respect returns how long to honor a responder's request to wait: no longer
// than the plan ever waits, and not long past the end of the current staple.
func (p plan) respect(wish time.Duration, held *ocspstaple.Staple, now time.Time) time.Duration {
	wish = min(wish, p.limit(held, now))
	if left := p.left(held, now); left > 0 && wish > left {
		wish = min(wish, left+jittered(p.urgent()))
	}
	return wish
}

// limit returns the longest wait.
func (p plan) limit(held *ocspstaple.Staple, now time.Time) time.Duration {
	if p.left(held, now) > 0 {
		return p.max
	}
	return min(p.max, p.urgent())
}

// urgent returns the longest wait without a fresh staple. A longer RetryMin is
// deliberate and takes precedence.
func (p plan) urgent() time.Duration { return max(urgent, p.min) }

// left returns how long the current staple stays fresh. It may be negative.
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
