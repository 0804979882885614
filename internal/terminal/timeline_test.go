// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var at = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestTimeline(t *testing.T) {
	certificate := Window{"certificate", at.Add(-time.Hour), at.Add(23 * time.Hour)}
	staple := Window{"staple", at.Add(-2 * time.Minute), at.Add(8 * time.Minute)}
	token := Window{"token", at.Add(-time.Minute), at.Add(4 * time.Minute)}
	for _, row := range []struct {
		name    string
		windows []Window
		now     time.Time
		want    string
	}{
		{"inside all", []Window{certificate, staple, token}, at, `
                      ▼ now 12:00:00Z
  certificate  ◀━━━━━━┿━━━━━━━━━━━━━━━━━━━━━━━▶  ends in 23h
  staple         ┣━━━━┿━━━━━━━━━━━━━━━━━━━━┫     ends in 8m
  token            ┣━━┿━━━━━━━━━━┫               ends in 4m
               11:57:10Z              12:08:50Z
`},
		{"after the token", []Window{certificate, staple, token}, at.Add(6 * time.Minute), `
                      now 12:06:00Z ▼
  certificate  ◀━━━━━━━━━━━━━━━━━━━━┿━━━━━━▶  ends in 22h54m
  staple         ┣━━━━━━━━━━━━━━━━━━┿━━━━┫    ends in 2m
  token            ┣━━━━━━━━━━━┫    │         ended 2m ago
               11:57:10Z           12:08:50Z
`},
		{"far after", []Window{staple, token}, at.Add(10 * time.Hour), `
                            now 22:00:00Z ▶
  staple        ┣━━━━━━━━━━━━━━━━━━━━━━━┫    ended 9h52m ago
  token            ┣━━━━━━━━━━┫              ended 9h56m ago
               11:57:10Z          12:08:50Z
`},
		{"far before", []Window{staple, token}, at.Add(-10 * time.Hour), `
               ◀ now 02:00:00Z
  staple        ┣━━━━━━━━━━━━━━━━━━━━━━━┫    starts in 9h58m
  token            ┣━━━━━━━━━━┫              starts in 9h59m
               11:57:10Z          12:08:50Z
`},
		{"upside down", []Window{{"token", at, at.Add(-time.Minute)}}, at, `
               now 12:00:00Z ▼
  token                  │             ends before it starts
               11:59:59Z    12:00:01Z
`},
		{"without length", []Window{{"token", at, at}}, at, `
               now 12:00:00Z ▼
  token                     ┫               ends in under 1s
               11:59:59Z         12:00:01Z
`},
		{"long only", []Window{certificate}, at, `
                  ▼ now 2026-05-04 12:00:00Z
  certificate    ┣┿━━━━━━━━━━━━━━━━━━━━━━━━┫     ends in 23h
               2026-05-04 09:00Z 2026-05-05 13:00Z
`},
	} {
		t.Run(row.name, func(t *testing.T) {
			const width = 60
			var b strings.Builder
			Page{Terminal: Terminal{Width: width}, Out: &b}.Timeline(row.windows, row.now, "now")
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
					t.Errorf("a line of %d columns: %q", n, line)
				}
			}
			if got := "\n" + trimLines(b.String()); got != row.want {
				t.Errorf("got%s\nwant%s", got, row.want)
			}
		})
	}
}

// TestTimelineOfAnotherDay: a clock alone would be read as that of the axis.
func TestTimelineOfAnotherDay(t *testing.T) {
	staple := Window{"staple", at.Add(-2 * time.Minute), at.Add(8 * time.Minute)}
	for _, row := range []struct {
		name  string
		width int
		at    time.Time
		want  string
	}{
		{"years after", 70, at.AddDate(2, 0, 0), "at 2028-05-04 12:00:00Z ▶"},
		{"a day before", 70, at.AddDate(0, 0, -1), "◀ at 2026-05-03 12:00:00Z"},
		{"the same day", 70, at.Add(10 * time.Hour), "at 22:00:00Z ▶"},
		{"narrow", LeastWidth, at.AddDate(2, 0, 0), "at 2028-05-04 12:00Z ▶"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b strings.Builder
			Page{Terminal: Terminal{Width: row.width}, Out: &b}.Timeline([]Window{staple}, row.at, "at")
			head, _, _ := strings.Cut(b.String(), "\n")
			if got := strings.TrimSpace(head); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if n := utf8.RuneCountInString(head); n > row.width {
				t.Errorf("%d columns: %q", n, head)
			}
		})
	}
}

func trimLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
