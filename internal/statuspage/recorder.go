// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package statuspage shows what a gateway does: one page of HTML and SVG that
// needs no script and nothing from elsewhere, or the same as JSON.
//
// A [Recorder] is the observer of the gateway. It remembers the decisions of
// the last hour and the issuers whose tokens were accepted. [New] makes the
// handler.
package statuspage

import (
	"sync"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
)

// minutes is how many minutes the recorder remembers, including the current one.
const minutes = 60

// accepted is what accepted requests count as, among the reasons.
const accepted stapled.Reason = "accepted"

// key is what decisions are counted by. Both parts come from lists of the
// operator and of the project, never from a request.
type key struct {
	route  string
	reason stapled.Reason
}

// bucket counts the decisions of one minute.
type bucket struct {
	minute int64 // since 1970
	counts map[key]uint64
}

// Recorder implements gateway.Observer. Its memory is bounded: by the routes
// that decided within the last hour and the reasons, and by a number of issuers.
// Requests that were refused can add to a count and to nothing else. It is safe
// for concurrent use; the zero Recorder remembers nothing.
type Recorder struct {
	now     func() time.Time
	reasons map[stapled.Reason]bool

	mu      sync.Mutex
	buckets [minutes]bucket
	issuers seen
}

var _ gateway.Observer = (*Recorder)(nil)

// NewRecorder returns a recorder with a clock; nil is time.Now.
func NewRecorder(now func() time.Time) *Recorder {
	if now == nil {
		now = time.Now
	}
	r := &Recorder{now: now, reasons: make(map[stapled.Reason]bool), issuers: make(seen)}
	for _, reason := range gateway.Reasons() {
		r.reasons[reason] = true
	}
	return r
}

// Observe implements gateway.Observer.
func (r *Recorder) Observe(e gateway.Event) {
	if r.now == nil { // NewRecorder did not make it
		return
	}
	k := key{e.Route, accepted}
	if e.Outcome != gateway.OutcomeAccepted {
		k.reason = e.Reason
		if !r.reasons[e.Reason] {
			k.reason = stapled.Unclassified
		}
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(now, k)
	if k.reason == accepted {
		r.issuers.add(e.Token, now)
	}
}

// count adds a decision to the bucket of its minute.
func (r *Recorder) count(now time.Time, k key) {
	minute := minuteOf(now)
	b := &r.buckets[((minute%minutes)+minutes)%minutes]
	if b.counts == nil || b.minute != minute {
		*b = bucket{minute, make(map[key]uint64)}
	}
	b.counts[k]++
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }
