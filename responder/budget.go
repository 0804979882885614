// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"sync"
	"time"
)

// The budget for answers signed for one client only: with a nonce, or bypassing
// the stored answers (Cache-Control: no-cache). It uses a small part of a core
// even with a 4096-bit RSA key, which makes some 200 signatures a second.
const (
	ownAnswersPerSecond = 20
	ownAnswersAtOnce    = 100
)

// budget is a token bucket.
type budget struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

// take takes a token and reports whether there was one.
func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	// The bucket starts full; setting the clock back adds nothing.
	if b.at.IsZero() {
		b.left = ownAnswersAtOnce
	} else if passed := now.Sub(b.at); passed > 0 {
		b.left = min(ownAnswersAtOnce, b.left+passed.Seconds()*ownAnswersPerSecond)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
