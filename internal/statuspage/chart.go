// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"slices"

	"github.com/stapledjwt/stapled"
)

// The charts are drawn on this many units, and stretched to the width of the
// page: so they hold no text.
const (
	chartWidth  = 10 * minutes
	chartHeight = 100
	barWidth    = 8
)

// chart is a bar for each minute, stacked by reason.
type chart struct {
	ID, Name, Title, Description string
	Highest                      string // of a minute
	Bars                         []bar
}

// bar is a rectangle.
type bar struct {
	X             int
	Y, Height     float64
	Width         int
	Class, Detail string
}

// colors are the classes of the most frequent reasons for refusals.
type colors []stapled.Reason

// maxColors is how many reasons have a color of their own; people cannot tell
// many more apart.
const maxColors = 5

func colorsOf(counts []reasonCount) colors {
	var c colors
	for _, n := range counts {
		if n.reason != accepted && len(c) < maxColors {
			c = append(c, n.reason)
		}
	}
	return c
}

// of returns the class of a reason in the style sheet.
func (c colors) of(reason stapled.Reason) string {
	if reason == accepted {
		return "accepted"
	}
	if i := slices.Index(c, reason); i >= 0 {
		return "reason" + string(rune('1'+i))
	}
	return "others"
}

// newCharts draws accepted and refused requests apart, each to its own scale: a
// few refusals would vanish below many accepted requests.
func newCharts(list []Minute, c colors) []chart {
	return []chart{
		newChart("accepted", "Accepted", []string{"accepted"}, list, c),
		newChart("refused", "Refused", []string{"reason1", "reason2", "reason3", "reason4", "reason5", "others"}, list, c),
	}
}

func newChart(id, title string, classes []string, list []Minute, c colors) chart {
	stacks := make([]map[string]uint64, len(list))
	var highest, total uint64
	for i, m := range list {
		stacks[i] = make(map[string]uint64)
		var sum uint64
		for reason, n := range m.Counts {
			if class := c.of(reason); slices.Contains(classes, class) {
				stacks[i][class] += n
				sum += n
			}
		}
		highest, total = max(highest, sum), total+sum
	}
	drawn := chart{
		ID: id, Name: title, Title: title + " requests for each of the last 60 minutes", Highest: number(highest),
		Description: number(total) + " in the hour, at most " + number(highest) + " in one minute. The tables have the numbers.",
	}
	for i, stack := range stacks {
		bottom := float64(chartHeight)
		for _, class := range classes {
			n := stack[class]
			if n == 0 {
				continue
			}
			height := float64(n) / float64(highest) * chartHeight
			bottom -= height
			drawn.Bars = append(drawn.Bars, bar{
				X: i*chartWidth/minutes + 1, Y: round(bottom), Height: round(height), Width: barWidth, Class: class,
				Detail: list[i].Start.Format("15:04") + " UTC: " + number(n),
			})
		}
	}
	return drawn
}

// round keeps the page short: a tenth of a unit is below a pixel.
func round(f float64) float64 { return float64(int(f*10+0.5)) / 10 }
