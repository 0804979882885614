// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// Reason is why there is no staple to sign with, or why an attempt to get one
// failed. The strings are stable; those that package ocspstaple knows too are
// the same. A Reason is an error, so that errors.Is(err, stapler.Missing) asks
// for it.
type Reason string

// The reasons. Only CertificateRevoked, CertificateExpired and StatusUnknown are
// verdicts on the certificate; every other one is about this attempt or about the
// responder, and may pass.
const (
	// Missing: no staple has been received yet.
	Missing Reason = "staple_missing"
	// FetchFailed: the responder could not be asked, or did not answer.
	FetchFailed Reason = "fetch_failed"
	// ResponderError: the responder says that it cannot answer (RFC 6960 §2.3).
	// The error wraps the [ResponseStatus].
	ResponderError Reason = "responder_error"
	// NotYetKnown: the responder does not know the certificate, which is minutes
	// old. Its database may lag. Of an older one it is StatusUnknown.
	NotYetKnown Reason = "staple_not_yet_known"
	// NotNewer: the answer is not newer than the staple that is held.
	NotNewer Reason = "staple_not_newer"
	// CertificateExpired: a certificate of the chain has expired, so that no
	// staple can help it.
	CertificateExpired Reason = "certificate_expired"

	Malformed          = Reason(ocspstaple.Malformed)
	Mismatch           = Reason(ocspstaple.Mismatch)
	Untrusted          = Reason(ocspstaple.Untrusted)
	NotYetValid        = Reason(ocspstaple.NotYetValid)
	Stale              = Reason(ocspstaple.Stale)
	StatusUnknown      = Reason(ocspstaple.StatusUnknown)
	CertificateRevoked = Reason(ocspstaple.CertificateRevoked)
)

// Error is the reason as a string.
func (r Reason) Error() string { return string(r) }

// Error says which condition fails. It satisfies errors.Is for its Reason, and
// for the [ocspstaple.Reason] of the same string.
type Error struct {
	Reason Reason
	// Err says which certificate and what happened.
	Err error
	// RetryAfter is how long the responder has asked not to be asked again (RFC
	// 9110 §10.2.3); 0 if it has not.
	RetryAfter time.Duration
}

// Error gives the reason and what happened.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, reason) true for the reason of this error, in the
// type of this package or of package ocspstaple.
func (e *Error) Is(target error) bool {
	return target == e.Reason || target == ocspstaple.Reason(e.Reason)
}

func fail(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// about gives any error of an attempt its reason, and says which certificate or
// responder it is about.
func about(err error, subject string) *Error {
	failure := reasoned(err)
	return &Error{failure.Reason, fmt.Errorf("%s: %w", subject, failure.Err), failure.RetryAfter}
}

// reasoned gives any error of an attempt its reason.
func reasoned(err error) *Error {
	var own *Error
	var staple *ocspstaple.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &staple):
		return &Error{Reason: Reason(staple.Reason), Err: staple.Err}
	}
	return &Error{Reason: FetchFailed, Err: err}
}
