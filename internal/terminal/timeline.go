// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Window is a validity period, both ends included.
type Window struct {
	Name  string    `json:"name"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func (w Window) open(now time.Time) bool { return !now.Before(w.From) && !now.After(w.Until) }

// remark describes where now is in the window.
func (w Window) remark(now time.Time) string {
	switch {
	case w.Until.Before(w.From):
		return "ends before it starts"
	case now.Before(w.From):
		return Distance(w.From, now, "starts", "")
	default:
		return Distance(w.Until, now, "ends", "ended")
	}
}

// timeline draws windows to one scale. Certificates live for days and staples
// for minutes, so it uses the scale of the short windows; the long ones leave
// the picture with an arrow.
type timeline struct {
	from, until time.Time
	columns     int
}

// newTimeline chooses the scale: it covers the shortest window, now if that is
// near, every other window that is at most eight times as long, and some room
// at both ends.
func newTimeline(windows []Window, now time.Time, columns int) timeline {
	const near = 8
	shortest := time.Duration(0)
	for _, w := range windows {
		if d := w.Until.Sub(w.From); d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	if shortest == 0 {
		shortest = time.Minute
	}
	t := timeline{columns: columns}
	include := func(at time.Time) {
		if t.from.IsZero() || at.Before(t.from) {
			t.from = at
		}
		if t.until.IsZero() || at.After(t.until) {
			t.until = at
		}
	}
	for _, w := range windows {
		if d := w.Until.Sub(w.From); d > 0 && d <= near*shortest {
			include(w.From)
			include(w.Until)
		}
	}
	if t.from.IsZero() {
		include(now)
	}
	if now.After(t.from.Add(-near*shortest)) && now.Before(t.until.Add(near*shortest)) {
		include(now)
	}
	room := max(t.until.Sub(t.from)/12, time.Second)
	t.from, t.until = t.from.Add(-room), t.until.Add(room)
	return t
}

// column returns the column of a time; a time outside 0…columns-1 is not drawn.
func (t timeline) column(at time.Time) int {
	span := t.until.Sub(t.from)
	offset := at.Sub(t.from) // saturates for far times, which is far enough
	if offset < 0 {
		return -1
	}
	if offset > span {
		return t.columns
	}
	return int(int64(t.columns-1) * int64(offset/time.Millisecond) / max(int64(span/time.Millisecond), 1))
}

// bar draws one window.
func (t timeline) bar(w Window, now time.Time) string {
	cells := []rune(strings.Repeat(" ", t.columns))
	nowAt := t.column(now)
	if nowAt >= 0 && nowAt < t.columns {
		cells[nowAt] = '│'
	}
	from, until := t.column(w.From), t.column(w.Until)
	switch {
	case w.Until.Before(w.From):
	case until < 0:
		cells[0] = '◀'
	case from >= t.columns:
		cells[t.columns-1] = '▶'
	default:
		for i := max(from, 0); i <= min(until, t.columns-1); i++ {
			cells[i] = '━'
			if i == nowAt {
				cells[i] = '┿'
			}
		}
		if from >= 0 {
			cells[from] = '┣'
		} else {
			cells[0] = '◀'
		}
		if until < t.columns {
			cells[until] = '┫'
		} else {
			cells[t.columns-1] = '▶'
		}
	}
	return string(cells)
}

// head returns the line above the bars: the mark of a moment, or where that
// would be.
func (t timeline) head(moment time.Time, word string) string {
	label := word + " " + moment.UTC().Format("15:04:05Z")
	if t.severalDays() || !sameDay(moment, t.from) {
		label = word + " " + Stamp(moment)
		if len(label)+len("▶ ") > t.columns {
			label = word + " " + moment.UTC().Format(shortStamp)
		}
	}
	at := t.column(moment)
	switch {
	case at < 0:
		return "◀ " + label
	case at >= t.columns:
		text := label + " ▶"
		return strings.Repeat(" ", max(0, t.columns-utf8.RuneCountInString(text))) + text
	}
	if text := "▼ " + label; at+utf8.RuneCountInString(text) <= t.columns {
		return strings.Repeat(" ", at) + text
	}
	text := label + " ▼"
	return strings.Repeat(" ", max(0, at+1-utf8.RuneCountInString(text))) + text
}

// shortStamp formats a time if there is no room for its seconds.
const shortStamp = "2006-01-02 15:04Z"

func (t timeline) severalDays() bool { return !sameDay(t.from, t.until) }

func sameDay(a, b time.Time) bool {
	return a.UTC().Format(time.DateOnly) == b.UTC().Format(time.DateOnly)
}

// foot returns the line below the bars: the times at both ends.
func (t timeline) foot() string {
	form := "15:04:05Z"
	if t.severalDays() {
		form = shortStamp
	}
	from, until := t.from.UTC().Format(form), t.until.UTC().Format(form)
	return from + strings.Repeat(" ", max(1, t.columns-len(from)-len(until))) + until
}

// Timeline draws windows to one scale, as wide as the terminal. The word names the
// moment for which it is drawn.
func (p Page) Timeline(windows []Window, now time.Time, word string) {
	remarks, remarkWidth := make([]string, len(windows)), 0
	for i, w := range windows {
		remarks[i] = w.remark(now)
		remarkWidth = max(remarkWidth, utf8.RuneCountInString(remarks[i]))
	}
	const leastColumns, mostColumns = 20, 100
	columns := p.Width - LabelWidth - remarkWidth - 2
	below := columns < leastColumns
	if below { // remarks get their own lines
		columns = p.Width - LabelWidth
	}
	t := newTimeline(windows, now, min(columns, mostColumns))
	indent := strings.Repeat(" ", LabelWidth)
	p.Out.WriteString(indent + p.Paint(Cyan, t.head(now, word)) + "\n")
	for i, w := range windows {
		sgr := Red
		if w.open(now) {
			sgr = Green
		}
		label := "  " + w.Name
		p.Out.WriteString(p.Paint(Dim, label) + strings.Repeat(" ", max(1, LabelWidth-utf8.RuneCountInString(label))) + p.Paint(sgr, t.bar(w, now)))
		if below {
			p.Out.WriteString("\n" + indent)
		} else {
			p.Out.WriteString("  ")
		}
		p.Out.WriteString(p.Paint(sgr, remarks[i]) + "\n")
	}
	p.Out.WriteString(indent + p.Paint(Dim, t.foot()) + "\n")
}
