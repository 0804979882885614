// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled"
)

// Reason and Error are those of package stapled.
type (
	Reason = stapled.Reason
	Error  = stapled.Error
)

// The reasons why there is no staple to sign with, or why an attempt to get one
// failed.
const (
	Missing            = stapled.StapleMissing
	FetchFailed        = stapled.FetchFailed
	NotNewer           = stapled.StapleNotNewer
	CertificateExpired = stapled.CertificateExpired
	Malformed          = stapled.StapleMalformed
	Mismatch           = stapled.StapleMismatch
	Untrusted          = stapled.StapleUntrusted
	NotYetValid        = stapled.StapleNotYetValid
	Stale              = stapled.StapleStale
	StatusUnknown      = stapled.StapleUnknown
	CertificateRevoked = stapled.CertificateRevoked
)

func fail(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// about gives any error of an attempt its reason, and says which certificate
// it is about.
func about(err error, certificate string) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return fail(own.Reason, "%s: %w", certificate, own.Err)
	}
	return fail(FetchFailed, "%s: %w", certificate, err)
}
