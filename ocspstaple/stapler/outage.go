// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
)

// The intervals between log lines about one outage. They double.
const (
	firstSilence = 10 * time.Second
	lastSilence  = time.Hour
)

// outage counts consecutive attempts that yielded no new staple for a
// certificate, and decides which of them to log.
type outage struct {
	mu       sync.Mutex
	began    time.Time
	attempts int
	// told holds the reasons already logged, each with whether there was a
	// fresh staple: a new combination is logged at once.
	told    map[news]bool
	logged  time.Time
	silence time.Duration
	unsaid  int // attempts since the last log line
}

type news struct {
	reason stapled.Reason
	fresh  bool
}

// failed counts an attempt. It reports whether to log it and, if so, how many
// earlier attempts were not logged.
func (o *outage) failed(now time.Time, reason stapled.Reason, fresh bool) (attempt, unsaid int, log bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.attempts == 0 {
		o.began, o.told, o.silence = now, make(map[news]bool), firstSilence
	}
	o.attempts++
	what := news{reason, fresh}
	switch {
	case !o.told[what]:
		o.told[what] = true
	case now.Sub(o.logged) >= o.silence:
		o.silence = min(2*o.silence, lastSilence)
	default:
		o.unsaid++
		return o.attempts, 0, false
	}
	unsaid, o.unsaid, o.logged = o.unsaid, 0, now
	return o.attempts, unsaid, true
}

// end returns how many attempts failed and since when, or 0 if none did.
func (o *outage) end() (attempts int, began time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	attempts, o.attempts, o.unsaid = o.attempts, 0, 0
	return attempts, o.began
}
