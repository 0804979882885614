// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca_test

import (
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/zerotest"
	"github.com/stapledjwt/stapled/stepca"
)

// The zero value of an exported type is of no use, and no method of it panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{
		new(stepca.Client),
	}, stepca.EnrollRequest{Name: "a.internal"}, new(certs.Identity))
}
