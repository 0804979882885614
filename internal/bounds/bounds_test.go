// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package bounds_test

import (
	"testing"

	"github.com/stapledjwt/stapled/internal/bounds"
)

// failures counts them instead of failing.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.n++ }

var sink []byte

func TestHold(t *testing.T) {
	for _, row := range []struct {
		name       string
		size, want int
	}{
		{"within", 1 << 10, 0},
		{"beyond", 1 << 20, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &failures{TB: t}
			bounds.Hold(f, 512<<10, func() { sink = make([]byte, row.size) })
			if f.n != row.want {
				t.Errorf("%d failures, want %d", f.n, row.want)
			}
		})
	}
}
