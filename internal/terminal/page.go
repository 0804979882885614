// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// Page lays results out for a person: titles, and fields whose values stay in
// their column. Values may come from anywhere; Page makes them printable.
type Page struct {
	Terminal
	Out *strings.Builder
}

// LabelWidth is the column in which values start.
const LabelWidth = 15

// Title starts a part of the page. The remark goes beside the name.
func (p Page) Title(name, remark string) {
	p.Out.WriteString("\n" + p.Paint(Bold, name))
	if remark != "" {
		indent := len(name) + 2
		for i, line := range Fill(remark, p.Width-indent) {
			if i > 0 {
				p.Out.WriteString("\n" + strings.Repeat(" ", len(name)))
			}
			p.Out.WriteString("  " + p.Paint(Dim, line))
		}
	}
	p.Out.WriteString("\n")
}

// Field writes a label and a value, which continues below itself if it is too
// long for the line.
func (p Page) Field(label, value string) { p.ColoredField(label, value, "") }

// Whole is Field for text that people copy, such as a path: it is never broken.
func (p Page) Whole(label, value string) { p.lines(label, []string{Printable(value)}, "") }

// ColoredField is Field with a color for the value; "" means none.
func (p Page) ColoredField(label, value, sgr string) {
	p.lines(label, Wrap(Printable(value), max(p.Width-LabelWidth, LeastWidth-LabelWidth)), sgr)
}

func (p Page) lines(label string, lines []string, sgr string) {
	label = "  " + Printable(label) // the token also supplies the names of claims
	pad := strings.Repeat(" ", max(1, LabelWidth-utf8.RuneCountInString(label)))
	for _, line := range lines {
		p.Out.WriteString(p.Paint(Dim, label) + pad + p.Paint(sgr, line) + "\n")
		label, pad = "", strings.Repeat(" ", LabelWidth)
	}
}

// Serial writes a serial number in both forms that people compare: decimal, as
// in JSON, and hexadecimal, as in logs.
func (p Page) Serial(label, decimal string) {
	p.Field(label, decimal)
	if n, ok := new(big.Int).SetString(decimal, 10); ok {
		p.Field("", fmt.Sprintf("%#x", n))
	}
}

// Count writes a number of things.
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Stamp writes a time the same way everywhere.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// Distance describes how far a time is from now: "ends in 4m12s", "ended 3s ago".
func Distance(t, now time.Time, future, past string) string {
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

// Ago is Distance for a time that neither starts nor ends anything.
func Ago(t, now time.Time) string { return strings.TrimSpace(Distance(t, now, "", "")) }

// length writes a distance in its two largest units. It is [timetext.Duration]
// except for days and years, which flags do not take.
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
