// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package retryafter reads how long a busy server asks its clients to wait.
package retryafter

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Of reads the Retry-After header (RFC 9110 §10.2.3), seconds or a date, and
// returns at most the longest wait; 0 if the header is absent or malformed. It
// compares a date with the server's own clock if the answer has it.
func Of(header http.Header, now time.Time, longest time.Duration) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), longest)
}
