// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/terminal"
)

// colors are those of the statuses.
var colors = map[Status]string{
	OK: terminal.Green, Warn: terminal.Yellow, Missing: terminal.Red, Unseen: terminal.Dim, Unanswered: terminal.Yellow,
}

const (
	statusColumn = 12
	// adviceIndent and linesIndent are the columns in which advice and its lines
	// begin.
	adviceIndent = 4
	linesIndent  = 8
)

// Text lays the report out for a person: a line for each check, and advice below
// it. It does not break lines that people copy.
func (r *Report) Text(t terminal.Terminal) string {
	nameColumn := 0
	for _, c := range r.Checks {
		nameColumn = max(nameColumn, utf8.RuneCountInString(c.Name)+2)
	}
	var b strings.Builder
	for _, c := range r.Checks {
		detail := c.Detail
		if c.About != "" {
			detail = c.About + ": " + detail
		}
		b.WriteString(t.Paint(colors[c.Status], pad(string(c.Status), statusColumn)) + t.Paint(terminal.Bold, pad(c.Name, nameColumn)) + terminal.Printable(detail) + "\n")
		for _, a := range c.Advice {
			for _, line := range terminal.Fill(terminal.Printable(a.Text), t.Width-adviceIndent) {
				b.WriteString(strings.Repeat(" ", adviceIndent) + line + "\n")
			}
			for _, line := range a.Lines {
				b.WriteString(strings.Repeat(" ", linesIndent) + t.Paint(terminal.Cyan, printableLine(line)) + "\n")
			}
		}
	}
	b.WriteString("\n" + r.summary(t) + "\n")
	return b.String()
}

// printableLine is [terminal.Printable] for a line that may begin with tabs.
func printableLine(line string) string {
	rest := strings.TrimLeft(line, "\t")
	return strings.Repeat("  ", len(line)-len(rest)) + terminal.Printable(rest)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(1, width-utf8.RuneCountInString(text)))
}

// summary counts the statuses, and says what follows.
func (r *Report) summary(t terminal.Terminal) string {
	var counts []string
	for _, status := range []Status{OK, Warn, Missing, Unseen, Unanswered} {
		if n := r.Count(status); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, status))
		}
	}
	conclusion := map[Status]string{
		OK:         "Nothing is missing.",
		Missing:    "Something is missing.",
		Unanswered: "A server did not answer, so there is no verdict.",
	}[r.Result]
	return t.Paint(colors[r.Result], conclusion) + " " + strings.Join(counts, ", ") + "."
}
