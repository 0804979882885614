// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// Reason is which condition for signing fails. The strings are stable; where
// a verifier would reject a token for the same reason, it uses the same string.
// A Reason is an error, so that errors.Is(err, issuer.StapleMissing) asks for
// it.
type Reason string

// The reasons.
const (
	// ConfigInvalid: the configuration contradicts itself or the format.
	ConfigInvalid Reason = "config_invalid"
	// ChainInvalid: the certificates of the identity are no chain.
	ChainInvalid Reason = "chain_invalid"
	// KeyMismatch: key, certificate and algorithm do not belong together.
	KeyMismatch Reason = "key_mismatch"
	// KeyUsage: the leaf may not sign tokens.
	KeyUsage Reason = "key_usage"
	// IssuerMismatch: the leaf does not name the issuer.
	IssuerMismatch Reason = "issuer_mismatch"
	// CertificateExpired and CertificateNotYetValid: the time is outside the
	// window of a certificate of the chain.
	CertificateExpired     Reason = "certificate_expired"
	CertificateNotYetValid Reason = "certificate_not_yet_valid"
	// StapleMissing: there is no staple.
	StapleMissing Reason = "staple_missing"
	// The staple is refused by package ocspstaple.
	StapleMalformed    = Reason(ocspstaple.Malformed)
	StapleMismatch     = Reason(ocspstaple.Mismatch)
	StapleUntrusted    = Reason(ocspstaple.Untrusted)
	StapleNotYetValid  = Reason(ocspstaple.NotYetValid)
	StapleStale        = Reason(ocspstaple.Stale)
	StapleUnknown      = Reason(ocspstaple.StatusUnknown)
	CertificateRevoked = Reason(ocspstaple.CertificateRevoked)
	// ClaimsInvalid: the claims asked for cannot be signed.
	ClaimsInvalid Reason = "claims_invalid"
	// TooLarge: the token would be larger than verifiers accept.
	TooLarge Reason = "too_large"
	// SigningFailed: the private key did not sign, or not correctly.
	SigningFailed Reason = "signing_failed"
	// Canceled: the context ended before the token was signed.
	Canceled Reason = "canceled"
)

// Error is the reason as a string.
func (r Reason) Error() string { return string(r) }

// Error says which condition fails. It is the only type of error that this
// package returns. It satisfies errors.Is for its Reason, for the
// [ocspstaple.Reason] of the same string, and for its causes.
type Error struct {
	Reason Reason
	// Err says what was compared. It never holds a token or a key.
	Err error
}

// Error gives the reason and what was compared.
func (e *Error) Error() string {
	// The error of a staple begins with the same reason.
	return string(e.Reason) + ": " + strings.TrimPrefix(e.Err.Error(), string(e.Reason)+": ")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, reason) true for the reason of this error, in the
// type of this package or of package ocspstaple.
func (e *Error) Is(target error) bool {
	return target == e.Reason || target == ocspstaple.Reason(e.Reason)
}

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// refuseStaple gives the error of a staple or of its source a reason of this
// package. A source has error types of its own: what they wrap decides.
func refuseStaple(err error) *Error {
	for _, reason := range []Reason{
		CertificateRevoked, StapleUnknown, StapleStale, StapleNotYetValid,
		StapleMismatch, StapleUntrusted, StapleMalformed,
	} {
		if errors.Is(err, ocspstaple.Reason(reason)) {
			return &Error{Reason: reason, Err: err}
		}
	}
	return &Error{Reason: StapleMissing, Err: err}
}
