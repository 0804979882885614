// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// The parameters of an RSA algorithm are NULL or absent (RFC 4055 §5), and
// nothing else that happens to be well-formed.
func TestForgeriesOfParameters(t *testing.T) {
	for _, row := range []struct {
		name       string
		parameters []byte
	}{
		{"S23_RSA_with_a_sequence", []byte{0x30, 0}},
		{"S23_RSA_with_two_NULLs", []byte{0x05, 0, 0x05, 0}},
		{"S23_RSA_with_a_NULL_in_long_form", []byte{0x05, 0x81, 0}},
		{"S23_RSA_with_a_byte", []byte{0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			a.under(testca.RSA2048)
			a.staple(func(r *testca.Response) {
				r.Inside["signatureAlgorithm"] = func(der []byte) []byte {
					return slices.Concat(der[:len(der)-2], row.parameters)
				}
			})
			if err := a.judge(t); !errors.Is(err, ocspstaple.Malformed) {
				t.Errorf("got %v, want %s", err, ocspstaple.Malformed)
			}
		})
	}
}
