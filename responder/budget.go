// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"sync"
	"time"
)

// What clients may ask to be signed for them alone: with a nonce, or past the
// answers held (Cache-Control: no-cache). It is a small part of a core even with
// an RSA key of 4096 bits, which signs some 200 times a second.
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

// take reports whether there was something left to take.
func (b *budget) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	// The first call finds the bucket full; a clock set back adds nothing.
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
