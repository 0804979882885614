// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"testing"

	"github.com/stapledjwt/stapled/internal/zerotest"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// The zero value of an exported type is of no use, and no method of it panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{new(delegate.Keeper)})
}
