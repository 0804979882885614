// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import "time"

// The time line of an issuer: now is in the middle.
const (
	lineWidth = 1000
	lineNow   = lineWidth / 2
)

// timeline shows how fresh the staples are.
type timeline struct {
	Before, After string // the ends of the line
	Rows          []lineRow
}

// lineRow is an issuer with its line.
type lineRow struct {
	ID int
	Issuer
	Fresh               bool
	Made, Next, Until   moment
	MadeText, UntilText string
	LastText, Count     string
	// The band is the time from thisUpdate to nextUpdate; the mark is the end of
	// the last token.
	Band, BandWidth, Mark int
	Description           string
}

// scales are the lengths of half a line.
var scales = []time.Duration{
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 4 * 24 * time.Hour, 8 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// scaleFor returns the shortest scale that shows every staple, or the longest.
func scaleFor(issuers []Issuer, now time.Time) time.Duration {
	var farthest time.Duration
	for _, i := range issuers {
		farthest = max(farthest, now.Sub(i.ThisUpdate), i.NextUpdate.Sub(now), i.FreshUntil.Sub(now))
	}
	for _, s := range scales {
		if farthest <= s {
			return s
		}
	}
	return scales[len(scales)-1]
}

func newTimeline(issuers []Issuer, now time.Time) timeline {
	scale := scaleFor(issuers, now)
	place := func(t time.Time) int {
		x := lineNow + int(lineNow*t.Sub(now).Seconds()/scale.Seconds())
		return min(max(x, 0), lineWidth)
	}
	line := timeline{Before: span(scale) + " ago", After: "in " + span(scale)}
	for n, i := range issuers {
		row := lineRow{
			ID: n, Issuer: i, Fresh: now.Before(i.FreshUntil),
			Made: moment{i.ThisUpdate}, Next: moment{i.NextUpdate}, Until: moment{i.FreshUntil},
			MadeText: relative(i.ThisUpdate.Sub(now)), UntilText: relative(i.FreshUntil.Sub(now)),
			LastText: relative(i.LastSeen.Sub(now)), Count: number(i.Accepted),
			Band: place(i.ThisUpdate), Mark: place(i.FreshUntil),
		}
		row.BandWidth = max(place(i.NextUpdate)-row.Band, 2)
		ends := "ends "
		if !row.Fresh {
			ends = "ended "
		}
		row.Description = "Staple made " + row.MadeText + ", next update " + relative(i.NextUpdate.Sub(now)) +
			"; the last accepted token " + ends + row.UntilText + "."
		line.Rows = append(line.Rows, row)
	}
	return line
}
