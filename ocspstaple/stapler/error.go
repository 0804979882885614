// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"errors"
	"time"

	"github.com/stapledjwt/stapled"
)

// Busy is the cause of an error when a responder asks for a pause (RFC 9110
// §10.2.3). A [Fetcher] wraps it, and the stapler waits.
type Busy struct {
	// RetryAfter is how long to wait.
	RetryAfter time.Duration
	// Err is the rest of what the responder said.
	Err error
}

// Error returns the text of the cause.
func (b *Busy) Error() string {
	if b.Err == nil {
		return "the responder is busy"
	}
	return b.Err.Error()
}

// Unwrap returns the cause.
func (b *Busy) Unwrap() error { return b.Err }

// busy wraps an error in [Busy] if the responder asked for a pause.
func busy(retryAfter time.Duration, err error) error {
	if retryAfter <= 0 {
		return err
	}
	return &Busy{RetryAfter: retryAfter, Err: err}
}

// retryAfter returns how long a responder asked to wait, or 0 if it did not.
func retryAfter(err error) time.Duration {
	if b, ok := errors.AsType[*Busy](err); ok {
		return b.RetryAfter
	}
	return 0
}

func fail(reason stapled.Reason, format string, args ...any) *stapled.Error {
	return stapled.Errorf(reason, format, args...)
}

// about gives an attempt's error a reason, and says which certificate or
// responder it is about.
func about(err error, subject string) *stapled.Error {
	if own, ok := errors.AsType[*stapled.Error](stapled.In(subject, err)); ok {
		return own
	}
	return fail(stapled.FetchFailed, "%s: %w", subject, err)
}

// reasoned gives an attempt's error a reason.
func reasoned(err error) *stapled.Error {
	if own, ok := err.(*stapled.Error); ok {
		return own
	}
	return fail(stapled.FetchFailed, "%w", err)
}
