// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"time"

	"github.com/stapledjwt/stapled/verifier"
)

// Metrics is told the outcome of every request, and how long the verification
// took. It is called concurrently. Package gateway/prom implements it for
// Prometheus.
type Metrics interface {
	// Accepted: the token was accepted.
	Accepted(took time.Duration)
	// Rejected: the request was refused, for one of [Reasons]. The duration is
	// 0 for CredentialsMissing and CredentialsMalformed, where there was
	// nothing to verify.
	Rejected(reason verifier.Reason, took time.Duration)
}

type noMetrics struct{}

func (noMetrics) Accepted(time.Duration)                  {}
func (noMetrics) Rejected(verifier.Reason, time.Duration) {}
