// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapled

import (
	"errors"
	"fmt"
	"strings"
)

// Error is this module's only error type for refusals and failures. It
// satisfies errors.Is for its Reason and for its causes.
type Error struct {
	Reason Reason
	// Err says what was compared or what happened. It may be nil. It never
	// holds a token, a key or a staple. Log it, but do not send it: the sender
	// of a token learns only that the token was rejected.
	Err error
}

// Errorf returns an [Error]. The format works as in [fmt.Errorf], including %w.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// Error returns the reason, a colon, and what was compared. It does not repeat
// the reason if the cause begins with it.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	prefix := string(e.Reason) + ": "
	return prefix + strings.TrimPrefix(e.Err.Error(), prefix)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the reason of this error, for [errors.Is].
func (e *Error) Is(target error) bool { return target == e.Reason }

// In says where an error occurred: it prefixes the cause with the place and
// keeps the reason. It adds no reason to an error without one.
func In(place string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", place, err)
	}
	if err == error(e) && e.Err != nil {
		err = e.Err // the reason is already in front
	}
	return &Error{Reason: e.Reason, Err: fmt.Errorf("%s: %w", place, err)}
}
