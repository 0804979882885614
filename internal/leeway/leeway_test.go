// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package leeway_test

import (
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/leeway"
)

func TestLeeway(t *testing.T) {
	for _, row := range []struct {
		name             string
		configured, want time.Duration
		refused          bool
	}{
		{"default", 0, time.Minute, false},
		{"none", stapled.NoLeeway, 0, false},
		{"a nanosecond", 1, 1, false},
		{"the most", 10 * time.Minute, 10 * time.Minute, false},
		{"more than the most", 10*time.Minute + 1, 0, true},
		{"an hour", time.Hour, 0, true},
		{"negative", -time.Minute, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := leeway.Of(row.configured); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if err := leeway.Check(row.configured); (err != nil) != row.refused {
				t.Errorf("checked: %v", err)
			}
		})
	}
	for _, flag := range []time.Duration{0, 1, time.Minute} {
		if got := leeway.Of(leeway.Configured(flag)); got != flag {
			t.Errorf("a flag of %s stands for %s", flag, got)
		}
	}
}
