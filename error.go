// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapled

import (
	"errors"
	"fmt"
	"strings"
)

// Error is the one error type of this module for what was refused or failed. It
// satisfies errors.Is for its Reason and for its causes.
type Error struct {
	Reason Reason
	// Err says what was compared, or what happened. It never holds a token, a key
	// or a staple, and is meant for the log: the sender of a token learns only
	// that it was rejected. It may be nil.
	Err error
}

// Errorf makes an [Error]. The format is that of [fmt.Errorf], %w included.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// Error gives the reason, a colon, and what was compared. The reason stands
// once, also where the cause begins with the same.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	prefix := string(e.Reason) + ": "
	return prefix + strings.TrimPrefix(e.Err.Error(), prefix)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, reason) true for the reason of this error.
func (e *Error) Is(target error) bool { return target == e.Reason }

// In says where an error occurred: it puts the place in front of the cause and
// keeps the reason. An error without a reason gets none.
func In(place string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", place, err)
	}
	if err == error(e) && e.Err != nil {
		err = e.Err // the reason stands in front already
	}
	return &Error{Reason: e.Reason, Err: fmt.Errorf("%s: %w", place, err)}
}
