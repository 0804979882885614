// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "github.com/stapledjwt/stapled"

// Refusal says how to refuse a request. Status and Challenge are the answer.
// Reason and Detail are for logs and metrics: sending them would reveal how far
// the checks went.
type Refusal struct {
	// Status is the status code to answer with (RFC 9110 §15). 401: there is no
	// acceptable token, for whatever reason. 403: the policy does not let the
	// request in. 400: it is unclear what was requested.
	Status int
	// Challenge is the value of the WWW-Authenticate header to answer with (RFC
	// 9110 §11.6.1). If empty, omit the header.
	Challenge string

	// Reason is one of [Reasons]. Do not send it.
	Reason stapled.Reason
	// Detail is one short line: what was compared, or what happened. It never
	// contains the token. Do not send it.
	Detail string
}

// The answer to every request without an acceptable token. RFC 6750 §3.1 would
// omit the error code for a request without credentials, and offers
// invalid_request for a malformed one; distinguishing them here would reveal
// how far the checks went.
const (
	badRequest   = 400
	unauthorized = 401
	forbidden    = 403
	challenge    = `Bearer error="invalid_token"`
)

func newRefusal(reason stapled.Reason, detail string) *Refusal {
	switch reason {
	case stapled.RouteMissing, stapled.PolicyDenied, stapled.PolicyFailed:
		return &Refusal{Status: forbidden, Reason: reason, Detail: detail}
	case stapled.PathRejected, stapled.ForwardedRejected:
		return &Refusal{Status: badRequest, Reason: reason, Detail: detail}
	}
	return &Refusal{Status: unauthorized, Challenge: challenge, Reason: reason, Detail: detail}
}

// Reasons lists every reason a gateway gives for refusing a request: its own,
// then those of [stapled.Reasons].
func Reasons() []stapled.Reason {
	own := []stapled.Reason{stapled.CredentialsMissing, stapled.CredentialsMalformed, stapled.Unclassified,
		stapled.ForwardedRejected, stapled.PathRejected, stapled.RouteMissing, stapled.PolicyDenied, stapled.PolicyFailed}
	return append(own, stapled.Reasons()...)
}
