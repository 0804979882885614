// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
)

// view is what the template shows.
type view struct {
	Style template.CSS

	At, Started, Loaded, Failed moment
	Uptime, Version             string
	Problems                    []string
	ReloadError                 string

	Accepted, Refused string
	Charts            []chart
	Reasons           []reasonRow
	Routes            []routeRow
	Timeline          timeline
	Policy            []Policy
	Anchors           []anchorRow
}

// moment is a time, for people and for programs.
type moment struct{ time.Time }

// Empty reports whether there is no time.
func (m moment) Empty() bool { return m.IsZero() }

// Text is for people, in UTC.
func (m moment) Text() string { return m.UTC().Format("2006-01-02 15:04:05") }

// Machine is for the attribute datetime.
func (m moment) Machine() string { return m.UTC().Format(time.RFC3339) }

// reasonRow is a line of the table beside the charts.
type reasonRow struct {
	Class, Reason, Count, Share string
}

// routeRow is a line of the table of routes.
type routeRow struct {
	Route             string // empty if no route matched
	Accepted, Refused string
	Most              stapled.Reason // why most were refused
}

type anchorRow struct {
	Anchor
	End   moment
	Left  string
	State string // "", soon or ended
}

// endsSoon is when the page begins to warn about an anchor: its successor
// must reach every gateway first.
const endsSoon = 30 * 24 * time.Hour

func newView(s Snapshot) view {
	v := view{
		Style: template.CSS(style), // it is the embedded file
		At:    moment{s.At}, Started: moment{s.Started}, Loaded: moment{s.Reload.Loaded}, Failed: moment{s.Reload.Failed},
		Uptime: span(s.At.Sub(s.Started)), Version: s.Version, Problems: s.Problems, ReloadError: s.Reload.Error,
		Routes: routeRows(s), Timeline: newTimeline(s.Issuers, s.At), Policy: s.Policy,
	}
	counts := reasonCounts(s)
	var passed, all uint64
	for _, c := range counts {
		all += c.count
		if c.reason == accepted {
			passed = c.count
		}
	}
	v.Accepted, v.Refused = number(passed), number(all-passed)
	colors := colorsOf(counts)
	v.Charts = newCharts(s.Minutes, colors)
	for _, c := range counts {
		v.Reasons = append(v.Reasons, reasonRow{colors.of(c.reason), string(c.reason), number(c.count), share(c.count, all)})
	}
	for _, a := range s.Anchors {
		left := a.NotAfter.Sub(s.At)
		row := anchorRow{Anchor: a, End: moment{a.NotAfter}, Left: relative(left)}
		switch {
		case left <= 0:
			row.State = "ended"
		case left < endsSoon:
			row.State = "soon"
		}
		v.Anchors = append(v.Anchors, row)
	}
	return v
}

type reasonCount struct {
	reason stapled.Reason
	count  uint64
}

// reasonCounts adds up the routes: first the accepted requests, then the most
// frequent reasons.
func reasonCounts(s Snapshot) []reasonCount {
	sums := map[stapled.Reason]uint64{accepted: 0}
	for _, d := range s.Decisions {
		sums[d.Reason] += d.Count
	}
	var list []reasonCount
	for reason, count := range sums {
		list = append(list, reasonCount{reason, count})
	}
	slices.SortFunc(list, func(a, b reasonCount) int {
		switch accepted {
		case a.reason:
			return -1
		case b.reason:
			return 1
		}
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.reason, b.reason))
	})
	return list
}

// routeRows are the routes of the policy in their order, then others that decided
// within the hour.
func routeRows(s Snapshot) []routeRow {
	var names []string
	for _, p := range s.Policy {
		names = append(names, p.Name)
	}
	type sums struct{ accepted, refused, most uint64 }
	all, reasons := make(map[string]sums), make(map[string]stapled.Reason)
	for _, d := range s.Decisions {
		if !slices.Contains(names, d.Route) {
			names = append(names, d.Route)
		}
		n := all[d.Route]
		if d.Reason == accepted {
			n.accepted += d.Count
		} else {
			n.refused += d.Count
			if d.Count > n.most {
				n.most, reasons[d.Route] = d.Count, d.Reason
			}
		}
		all[d.Route] = n
	}
	rows := make([]routeRow, 0, len(names))
	for _, name := range names {
		n := all[name]
		rows = append(rows, routeRow{name, number(n.accepted), number(n.refused), reasons[name]})
	}
	return rows
}

// number writes 1234567 as 1,234,567.
func number(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func share(n, of uint64) string {
	if n == 0 {
		return "0 %"
	}
	percent := 100 * float64(n) / float64(of)
	switch {
	case percent < 0.1:
		return "< 0.1 %"
	case n < of && percent > 99.9:
		return "> 99.9 %"
	}
	return fmt.Sprintf("%.1f %%", percent)
}

// relative says where an instant is that is so far from now.
func relative(d time.Duration) string {
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d < 0:
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

// year is one without a leap day.
const year = 365 * 24 * time.Hour

// span writes a duration roughly, with its two largest units.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60), " 0 min")
	case d < 2*year:
		return fmt.Sprintf("%d d", int(d.Hours())/24)
	}
	return fmt.Sprintf("%d years", int(d/year))
}
