// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Outcome is what came of an attempt to get a staple. The strings are stable, for
// the labels of metrics.
type Outcome string

// The outcomes.
const (
	// OutcomeRefreshed: a new staple is held, also one that was read from the file.
	OutcomeRefreshed Outcome = "refreshed"
	// OutcomeFailed: the attempt brought no new staple.
	OutcomeFailed Outcome = "failed"
)

// Event is one attempt.
type Event struct {
	Outcome Outcome
	// Index says which certificate of the chain it is about.
	Index int
	// Staple is the one that is held now; nil if the attempt failed.
	Staple *ocspstaple.Staple
	// Reason is why it failed; empty if it did not.
	Reason stapled.Reason
}

// Observer is told of events, for metrics. It is called from several goroutines at
// once, and must not block.
type Observer interface {
	Observe(Event)
}

func (s *Stapler) observe(e Event) {
	if s.cfg.Observer != nil {
		s.cfg.Observer.Observe(e)
	}
}
