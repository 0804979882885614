// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapledtest

import (
	"sync"
	"time"
)

// Clock is a clock that a test sets and moves. Its Now fits the Now field of
// [issuer.Config] and [verifier.Config].
//
// The zero Clock shows [time.Now], also in a bubble of testing/synctest, so it
// agrees with code that has no injected clock. It is safe for concurrent use.
//
// [issuer.Config]: https://pkg.go.dev/github.com/stapledjwt/stapled/issuer#Config
// [verifier.Config]: https://pkg.go.dev/github.com/stapledjwt/stapled/verifier#Config
type Clock struct {
	mu      sync.Mutex
	stopped time.Time // zero: it runs
	ahead   time.Duration
}

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.stopped
	if now.IsZero() {
		now = time.Now()
	}
	return now.Add(c.ahead)
}

// Set stops the clock at a time other than the zero time. [Clock.Advance] still
// moves it.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped, c.ahead = t, 0
}

// Advance moves the clock, whether it runs or is stopped. A negative duration
// moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
