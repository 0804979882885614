// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Outcome is the result of an attempt to get a staple. The strings are stable,
// so metrics can use them as labels.
type Outcome string

// The outcomes.
const (
	// OutcomeRefreshed: there is a new staple, possibly read from the file.
	OutcomeRefreshed Outcome = "refreshed"
	// OutcomeFailed: the attempt yielded no new staple.
	OutcomeFailed Outcome = "failed"
)

// Event is one attempt.
type Event struct {
	Outcome Outcome
	// Index is the position of the certificate in the chain.
	Index int
	// Staple is the new current staple; nil if the attempt failed.
	Staple *ocspstaple.Staple
	// Reason says why the attempt failed; empty if it did not.
	Reason stapled.Reason
}

// Observer receives events, for metrics. It is called from several goroutines
// at once, and must not block.
type Observer interface {
	Observe(Event)
}

func (s *Stapler) observe(e Event) {
	if s.cfg.Observer != nil {
		s.cfg.Observer.Observe(e)
	}
}
