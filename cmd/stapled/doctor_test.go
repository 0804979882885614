// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWatch: a question that takes more than a second is announced, once.
func TestWatch(t *testing.T) {
	for _, row := range []struct {
		takes time.Duration
		want  string
	}{{999 * time.Millisecond, ""}, {10 * time.Second, "asking the CA \\a...\n"}} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			watch(&out, "the CA \a", func() { time.Sleep(row.takes) })
			if out.String() != row.want {
				t.Errorf("%s: %q", row.takes, out.String())
			}
		})
	}
}
