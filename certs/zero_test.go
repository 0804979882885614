// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/zerotest"
)

// The zero value of an exported type is of no use, and no method of it panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{
		new(certs.Anchors), new(certs.Identity), new(certs.Reloader),
	}, testca.New().Cert)
}
