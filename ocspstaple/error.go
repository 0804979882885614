// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

// Reason is why a staple does not prove that its certificate is good. The
// strings are stable. A Reason is an error, so that errors.Is(err,
// ocspstaple.Stale) asks for it.
type Reason string

// The reasons.
const (
	// Malformed: not one well-formed answer about one certificate.
	Malformed Reason = "staple_malformed"
	// Mismatch: about another certificate.
	Mismatch Reason = "staple_mismatch"
	// Untrusted: not signed by somebody entitled to.
	Untrusted Reason = "staple_untrusted"
	// NotYetValid: from the future.
	NotYetValid Reason = "staple_not_yet_valid"
	// Stale: past its nextUpdate, or older than the policy permits.
	Stale Reason = "staple_stale"
	// StatusUnknown: the responder does not know the certificate.
	StatusUnknown Reason = "staple_unknown"
	// CertificateRevoked: the certificate is revoked.
	CertificateRevoked Reason = "certificate_revoked"
)

// Error is the reason as a string.
func (r Reason) Error() string { return string(r) }

// Error says why a staple was refused.
type Error struct {
	Reason Reason
	// Err tells what was compared; it never holds the response itself.
	Err error
}

// Error gives the reason and what was compared.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, reason) true for the reason of this error.
func (e *Error) Is(target error) bool { return target == e.Reason }
