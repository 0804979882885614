// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"time"

	"github.com/stapledjwt/stapled"
)

// Observer is told the outcome of every request, for metrics. It is called
// concurrently. Package gateway/prom implements it for Prometheus.
type Observer interface {
	Observe(Event)
}

// Event is one decision.
type Event struct {
	Outcome Outcome
	// Reason is why a request was rejected, one of [Reasons]; empty for one that
	// was accepted.
	Reason stapled.Reason
	// Took is how long the verification of the token took. It is 0 for
	// CredentialsMissing and CredentialsMalformed, where there was nothing to
	// verify.
	Took time.Duration
}

// Outcome is what was decided. The zero value is no outcome.
type Outcome uint8

// The outcomes.
const (
	Accepted Outcome = iota + 1
	Rejected
)

// String names the outcome as metrics do.
func (o Outcome) String() string {
	switch o {
	case Accepted:
		return "accepted"
	case Rejected:
		return "rejected"
	}
	return "unknown"
}

type nobody struct{}

func (nobody) Observe(Event) {}
