// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package leeway defines what a configured leeway means: 0 is the default, and
// "none" has a name.
package leeway

import (
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Check returns an error for a leeway that is negative, or more than
// [stapled.MaxLeeway].
func Check(configured time.Duration) error {
	if configured < 0 && configured != stapled.NoLeeway {
		return fmt.Errorf("a leeway of %s is negative; use a positive duration, 0 for the default of %s, or stapled.NoLeeway",
			timetext.Duration(configured), timetext.Duration(stapled.DefaultLeeway))
	}
	if configured > stapled.MaxLeeway {
		return fmt.Errorf("a leeway of %s is more than %s; set the clocks instead", timetext.Duration(configured), timetext.Duration(stapled.MaxLeeway))
	}
	return nil
}

// Of returns the leeway that a configured value means. Values that [Check]
// refuses mean none.
func Of(configured time.Duration) time.Duration {
	switch {
	case configured == 0:
		return stapled.DefaultLeeway
	case configured < 0 || configured > stapled.MaxLeeway:
		return 0
	}
	return configured
}

// Configured returns the value that means a leeway: the inverse of [Of], for
// flags, where 0 must mean none.
func Configured(leeway time.Duration) time.Duration {
	if leeway == 0 {
		return stapled.NoLeeway
	}
	return leeway
}
