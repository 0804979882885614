// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import "fmt"

// Reason says why an operation failed, as a stable string. A Reason is an
// error, so that errors.Is(err, ca.WrongPassword) works.
type Reason string

// The reasons.
const (
	// NotACA: the directory is not a step-ca directory, or misses a part.
	NotACA Reason = "not_a_ca_directory"
	// NotEmpty: the directory to initialise holds something else.
	NotEmpty Reason = "directory_not_empty"
	// Misconfigured: a value of the configuration is wrong or contradicts the directory.
	Misconfigured Reason = "misconfigured"
	// WrongPassword: a key cannot be decrypted.
	WrongPassword Reason = "wrong_password"
	// Locked: another process, or another CA of this one, uses the database.
	Locked Reason = "database_locked"
	// Damaged: a file of the database is damaged; restore it from a backup.
	Damaged Reason = "database_damaged"
	// WriteFailed: a write to the database failed, which ended the CA.
	WriteFailed Reason = "database_write_failed"
	// AddressInUse: something else listens on the address of the CA or the responder.
	AddressInUse Reason = "address_in_use"
	// Closed: the CA has been closed, or runs already.
	Closed Reason = "closed"
	// Unreachable: the CA does not answer.
	Unreachable Reason = "unreachable"
	// Refused: the CA has answered and refused.
	Refused Reason = "refused"
	// AlreadyRevoked: the certificate has been revoked before.
	AlreadyRevoked Reason = "already_revoked"
	// Failed: the operating system or a library failed.
	Failed Reason = "failed"
)

// Error makes a Reason usable as the target of errors.Is.
func (r Reason) Error() string { return "ca: " + string(r) }

// Error is the error type of this package. Its text is one line that says what
// to do.
type Error struct {
	Reason Reason
	Err    error
	// Server and Address say what AddressInUse is about; else they are empty.
	Server  Server
	Address string
}

// Server is one of the servers of a CA.
type Server string

// The servers.
const (
	APIServer  Server = "CA"
	OCSPServer Server = "OCSP"
	// InsecureServer is that of insecureAddress in ca.json.
	InsecureServer Server = "insecureAddress"
)

func (e *Error) Error() string { return "ca: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches the Reason.
func (e *Error) Is(target error) bool {
	r, ok := target.(Reason)
	return ok && r == e.Reason
}

func fail(reason Reason, format string, args ...any) error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}
