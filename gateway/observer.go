// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Outcome is the result of a request. The strings are stable: metrics use them.
// The zero value is not an outcome.
type Outcome string

// The outcomes.
const (
	OutcomeAccepted Outcome = "accepted"
	OutcomeRejected Outcome = "rejected"
)

// Event is one decision.
type Event struct {
	Outcome Outcome
	// Route is the name of the route that decided; empty if none matched, or if
	// the gateway has just a Verifier.
	Route string
	// Reason is why a request was rejected, one of [Reasons]; empty for an
	// accepted request.
	Reason stapled.Reason
	// Took is how long it took to verify the token. It is 0 for
	// stapled.CredentialsMissing and stapled.CredentialsMalformed, where there
	// was nothing to verify.
	Took time.Duration
	// Request is what was decided about. Its Credentials are the token: keep
	// them out of logs.
	Request Request
	// Token is the accepted token, also if the route or its rules then refuse the
	// request. It is the zero Token if none was accepted, and at an open route.
	Token verifier.Token
}

// Observer receives events, for metrics. It is called from several goroutines
// at once, before the client gets its answer. Package gateway/prom implements
// it for Prometheus.
type Observer interface {
	Observe(Event)
}

type nobody struct{}

func (nobody) Observe(Event) {}
