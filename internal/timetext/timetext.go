// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package timetext writes times and durations as they appear in every message
// of stapled.
package timetext

import (
	"strings"
	"time"
)

// Stamp writes an instant as RFC 3339 does, in UTC and whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Duration writes a duration as flags take it and people write it: 1h, not
// 1h0m0s. [time.ParseDuration] reads it back to the same value.
func Duration(d time.Duration) string {
	text := d.String()
	for _, end := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, end) {
			text = text[:len(text)-2]
		}
	}
	return text
}
