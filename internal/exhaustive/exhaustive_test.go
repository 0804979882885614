// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package exhaustive

import "testing"

func TestOf(t *testing.T) {
	for value, want := range map[string]int{"": 10, "0": 10, "1": 100} {
		t.Setenv(Variable, value)
		if got := Of(quiet{t}, 100, 10); got != want {
			t.Errorf("%s=%s: %d, want %d", Variable, value, got, want)
		}
	}
}

// quiet keeps the lines that a gate looks for out of the log.
type quiet struct{ testing.TB }

func (quiet) Logf(string, ...any) {}
