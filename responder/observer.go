// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"crypto/x509"
	"math/big"
)

// Outcome is the result of a request. The strings are stable: metrics use them.
type Outcome string

// The outcomes of a request: the status in the answer, or the error response of
// RFC 6960 §2.3.
const (
	OutcomeGood          Outcome = "good"
	OutcomeRevoked       Outcome = "revoked"
	OutcomeUnknown       Outcome = "unknown"
	OutcomeMalformed     Outcome = "malformed_request"
	OutcomeUnauthorized  Outcome = "unauthorized"
	OutcomeTryLater      Outcome = "try_later"
	OutcomeInternalError Outcome = "internal_error"
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeGood, OutcomeRevoked, OutcomeUnknown,
		OutcomeMalformed, OutcomeUnauthorized, OutcomeTryLater, OutcomeInternalError,
	}
}

// Alarm is something about a request that its operator must look into. The
// strings are stable: metrics use them.
type Alarm string

// AlarmRevocationLost means that the source has taken back a final revocation;
// see [ErrRevocationLost].
const AlarmRevocationLost Alarm = "revocation_lost"

// Event is one answered request.
type Event struct {
	Outcome Outcome
	// Alarm is empty if there is no reason for one.
	Alarm Alarm
	// CA and Serial are what the request is about: a certificate that the
	// responder answers for, and a serial number. Both are nil if it does not
	// answer for the CA of the request, or cannot read the request. Do not
	// modify them.
	CA     *x509.Certificate
	Serial *big.Int
	// Reused reports whether the answer was signed for an earlier request.
	Reused bool
}

// Observer receives events, for metrics. It is called from several goroutines
// at once, before the client gets its answer.
type Observer interface {
	Observe(Event)
}

type observerKey struct{}

// WithObserver returns a context with an observer for the requests that are
// answered in it, for example for a line in an access log. It observes them in
// addition to Config.Observer.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}
