// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestChartsStackByReason(t *testing.T) {
	list := []Minute{
		{now, map[stapled.Reason]uint64{accepted: 900, stapled.TokenExpired: 3, stapled.StapleStale: 1}},
		{now.Add(time.Minute), map[stapled.Reason]uint64{stapled.TokenExpired: 2}},
	}
	charts := newCharts(list, colors{stapled.TokenExpired, stapled.StapleStale})
	got := append(charts[0].Bars, charts[1].Bars...)
	want := []bar{
		{1, 0, 100, 8, "accepted", "12:00 UTC: 900"},
		{1, 25, 75, 8, "reason1", "12:00 UTC: 3"}, {1, 0, 25, 8, "reason2", "12:00 UTC: 1"},
		{11, 50, 50, 8, "reason1", "12:01 UTC: 2"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("bar %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if charts[0].Highest != "900" || charts[1].Highest != "4" {
		t.Errorf("highest: %s, %s", charts[0].Highest, charts[1].Highest)
	}
}

func TestTimeline(t *testing.T) {
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	for _, row := range []struct {
		name                    string
		issuer                  Issuer
		before                  string
		band, width, mark       int
		fresh                   bool
		made, until, lastCalled string
	}{
		{"fresh", Issuer{ThisUpdate: at(-15), NextUpdate: at(45), FreshUntil: at(5), LastSeen: now}, "1 h ago", 375, 500, 541, true, "15 min ago", "in 5 min", "now"},
		{"ended", Issuer{ThisUpdate: at(-30), NextUpdate: at(-15), FreshUntil: at(-15), LastSeen: at(-16)}, "30 min ago", 0, 250, 250, false, "30 min ago", "15 min ago", "16 min ago"},
		{"ends now", Issuer{ThisUpdate: at(-15), NextUpdate: now, FreshUntil: now, LastSeen: at(-1)}, "15 min ago", 0, 500, 500, false, "15 min ago", "now", "1 min ago"},
		{"a year", Issuer{ThisUpdate: at(-15), NextUpdate: now.AddDate(1, 0, 0), FreshUntil: at(45), LastSeen: now}, "30 d ago", 500, 500, 500, true, "15 min ago", "in 45 min", "now"},
	} {
		t.Run(row.name, func(t *testing.T) {
			line := newTimeline([]Issuer{row.issuer}, now)
			r := line.Rows[0]
			if line.Before != row.before || r.Band != row.band || r.BandWidth != row.width || r.Mark != row.mark || r.Fresh != row.fresh {
				t.Errorf("%s; band %d + %d, mark %d, fresh %t", line.Before, r.Band, r.BandWidth, r.Mark, r.Fresh)
			}
			if r.MadeText != row.made || r.UntilText != row.until || r.LastText != row.lastCalled {
				t.Errorf("made %s, until %s, last seen %s", r.MadeText, r.UntilText, r.LastText)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{number(0), "0"}, {number(999), "999"}, {number(1000), "1,000"}, {number(1234567), "1,234,567"},
		{share(0, 0), "0 %"}, {share(1, 3), "33.3 %"}, {share(1, 100_000), "< 0.1 %"}, {share(99_999, 100_000), "> 99.9 %"}, {share(7, 7), "100.0 %"},
		{span(59 * time.Second), "59 s"}, {span(time.Hour), "1 h"}, {span(50 * time.Hour), "2 d"}, {span(90 * time.Minute), "1 h 30 min"}, {span(3 * year), "3 years"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}
