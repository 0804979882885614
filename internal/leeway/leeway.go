// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package leeway is the one meaning of a configured leeway: 0 is the default,
// and "none" has a name.
package leeway

import (
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Check refuses a leeway that means nothing.
func Check(configured time.Duration) error {
	if configured < 0 && configured != stapled.NoLeeway {
		return fmt.Errorf("a leeway of %s is negative; use a positive duration, 0 for the default of %s, or stapled.NoLeeway",
			timetext.Duration(configured), timetext.Duration(stapled.DefaultLeeway))
	}
	return nil
}

// Of is the leeway that a configured value stands for. What [Check] refuses
// stands for none.
func Of(configured time.Duration) time.Duration {
	switch {
	case configured == 0:
		return stapled.DefaultLeeway
	case configured < 0:
		return 0
	}
	return configured
}

// Configured is the value that stands for a leeway: the inverse of [Of], for
// flags, where 0 has to mean none.
func Configured(leeway time.Duration) time.Duration {
	if leeway == 0 {
		return stapled.NoLeeway
	}
	return leeway
}
