// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// page lays results out for a person: titles, and fields whose values keep to
// their column. Values may come from anywhere; page makes them printable.
type page struct {
	terminal
	out *strings.Builder
}

// labelWidth is the column in which values start.
const labelWidth = 15

func (p page) title(name, remark string) {
	p.out.WriteString("\n" + p.paint(bold, name))
	if remark != "" {
		indent := len(name) + 2
		for i, line := range fill(remark, p.width-indent) {
			if i > 0 {
				p.out.WriteString("\n" + strings.Repeat(" ", len(name)))
			}
			p.out.WriteString("  " + p.paint(dim, line))
		}
	}
	p.out.WriteString("\n")
}

// field writes a label and a value, which goes on below itself where it is too
// long for the line.
func (p page) field(label, value string) { p.colouredField(label, value, "") }

// whole is field for what people copy, such as a path: it is never broken.
func (p page) whole(label, value string) { p.lines(label, []string{printable(value)}, "") }

func (p page) colouredField(label, value, sgr string) {
	p.lines(label, wrap(printable(value), max(p.width-labelWidth, leastWidth-labelWidth)), sgr)
}

func (p page) lines(label string, lines []string, sgr string) {
	label = "  " + printable(label) // names of claims come from the token too
	pad := strings.Repeat(" ", max(1, labelWidth-utf8.RuneCountInString(label)))
	for _, line := range lines {
		p.out.WriteString(p.paint(dim, label) + pad + p.paint(sgr, line) + "\n")
		label, pad = "", strings.Repeat(" ", labelWidth)
	}
}

// serial writes a serial number in both forms that people compare: decimal, as
// JSON has it, and hexadecimal, as logs have it.
func (p page) serial(label, decimal string) {
	p.field(label, decimal)
	if n, ok := new(big.Int).SetString(decimal, 10); ok {
		p.field("", fmt.Sprintf("%#x", n))
	}
}

// count writes a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// stamp writes a time the same way everywhere.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// distance says how far a time is from now: "ends in 4m12s", "ended 3s ago".
func distance(t, now time.Time, future, past string) string {
	d := t.Sub(now)
	switch {
	case d <= -time.Second:
		return past + " " + length(-d) + " ago"
	case d < 0:
		return past + " just now"
	case d < time.Second:
		return future + " in under 1s"
	}
	return future + " in " + length(d)
}

// ago is distance for what has no beginning and no end.
func ago(t, now time.Time) string { return strings.TrimSpace(distance(t, now, "", "")) }

// length writes how far away something is by its two largest units. It is
// [timetext.Duration] but for days and years, which flags do not take.
func length(d time.Duration) string {
	units := []struct {
		unit time.Duration
		name string
	}{
		{365 * 24 * time.Hour, "y"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"},
	}
	d = d.Truncate(time.Second)
	for i, u := range units {
		if d < u.unit {
			continue
		}
		text := fmt.Sprintf("%d%s", d/u.unit, u.name)
		if i+1 < len(units) {
			if rest := d % u.unit / units[i+1].unit; rest > 0 {
				text += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0s"
}
