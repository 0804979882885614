// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"

	"github.com/stapledjwt/stapled"
)

func reject(reason stapled.Reason, format string, args ...any) *stapled.Error {
	return stapled.Errorf(reason, format, args...)
}

// rejectStaple adds to an error of package ocspstaple which staple it is about.
func rejectStaple(err error, i int) error { return stapled.In(fmt.Sprintf("ocsp[%d]", i), err) }
