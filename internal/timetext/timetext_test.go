// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package timetext

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                           "0s",
		5 * time.Second:             "5s",
		10 * time.Second:            "10s",
		5 * time.Minute:             "5m",
		time.Hour:                   "1h",
		10 * time.Hour:              "10h",
		90 * time.Minute:            "1h30m",
		time.Hour + 5*time.Second:   "1h0m5s",
		-time.Minute:                "-1m",
		1500 * time.Millisecond:     "1.5s",
		100*time.Hour + time.Minute: "100h1m",
	} {
		got := Duration(d)
		if got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
		if back, err := time.ParseDuration(got); err != nil || back != d {
			t.Errorf("%s is read back as %s, %v", got, back, err)
		}
	}
}

func TestStamp(t *testing.T) {
	at := time.Date(2026, 11, 27, 17, 2, 3, 999, time.FixedZone("", 3600))
	if got, want := Stamp(at), "2026-11-27T16:02:03Z"; got != want {
		t.Errorf("Stamp = %s, want %s", got, want)
	}
}
