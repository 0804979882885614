// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"errors"

	"github.com/stapledjwt/stapled"
)

func refuse(reason stapled.Reason, format string, args ...any) *stapled.Error {
	return stapled.Errorf(reason, format, args...)
}

// refuseStaple gives an error from a staple or its source a reason. A source
// may have its own error types: what they wrap decides.
func refuseStaple(err error) *stapled.Error {
	for _, reason := range []stapled.Reason{
		stapled.CertificateRevoked, stapled.StapleUnknown, stapled.StapleStale, stapled.StapleNotYetValid,
		stapled.StapleMismatch, stapled.StapleUntrusted, stapled.StapleMalformed,
	} {
		if errors.Is(err, reason) {
			return &stapled.Error{Reason: reason, Err: err}
		}
	}
	return &stapled.Error{Reason: stapled.StapleMissing, Err: err}
}
