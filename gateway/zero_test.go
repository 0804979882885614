// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/zerotest"
)

// The zero value of an exported type is of no use, and no method of it panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{
		new(gateway.Gateway), new(gateway.Proxy), new(gateway.ForwardAuth), new(gateway.IdentityHeaders), new(gateway.Grant),
	}, gateway.Request{Credentials: []string{"Bearer a.b.c"}}, http.NotFoundHandler())
}
