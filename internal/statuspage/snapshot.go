// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"cmp"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
)

// Snapshot is everything that the page shows.
type Snapshot struct {
	// At is when it was taken.
	At time.Time `json:"at"`
	Facts
	// Decisions are those of the last hour, the most frequent first.
	Decisions []Decision `json:"decisions"`
	// Minutes are the last 60 minutes, the oldest first. The last is not over.
	Minutes []Minute `json:"minutes"`
	// Issuers are those seen most recently, the newest first.
	Issuers []Issuer `json:"issuers"`
}

// Decision counts the decisions of one route for one reason.
type Decision struct {
	// Route is empty if no route matched.
	Route string `json:"route"`
	// Reason is why requests were refused, or "accepted".
	Reason stapled.Reason `json:"reason"`
	Count  uint64         `json:"count"`
}

// Minute counts the decisions of one minute.
type Minute struct {
	Start time.Time `json:"start"`
	// Counts has an entry for each reason with which a decision was made, and one
	// for "accepted".
	Counts map[stapled.Reason]uint64 `json:"counts"`
}

// snapshot returns what the recorder has seen, beside the facts.
func (r *Recorder) snapshot(facts Facts) Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	s := Snapshot{At: now.UTC(), Facts: facts, Issuers: r.issuers.list()}
	total := make(map[key]uint64)
	for last, m := minuteOf(now), minuteOf(now)-minutes+1; m <= last; m++ {
		minute := Minute{Start: time.Unix(m*60, 0).UTC(), Counts: make(map[stapled.Reason]uint64)}
		if b := &r.buckets[((m%minutes)+minutes)%minutes]; b.minute == m {
			for k, n := range b.counts {
				minute.Counts[k.reason] += n
				total[k] += n
			}
		}
		s.Minutes = append(s.Minutes, minute)
	}
	s.Decisions = make([]Decision, 0, len(total))
	for k, n := range total {
		s.Decisions = append(s.Decisions, Decision{k.route, k.reason, n})
	}
	slices.SortFunc(s.Decisions, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Reason, b.Reason))
	})
	return s
}
