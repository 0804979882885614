// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// audience is the audience of all tokens in the demo.
const audience = "echo"

// The outcomes of a step.
const (
	accepted = "accepted"
	rejected = "rejected"
)

// step is one line of the demo, and one object of its JSON.
type step struct {
	Step     string `json:"step"`
	Expected string `json:"expected"`
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"`
	// HTTPStatus is 0 if the step is not an HTTP request.
	HTTPStatus int     `json:"http_status"`
	MS         float64 `json:"ms"`

	// title says the same for a person; expectedReason is also compared.
	title, expectedReason string
}

// asExpected compares the step with every expectation.
func (s step) asExpected() bool {
	status := map[string]int{accepted: http.StatusOK, rejected: http.StatusUnauthorized}[s.Expected]
	return s.Outcome == s.Expected && s.Reason == s.expectedReason && (s.HTTPStatus == 0 || s.HTTPStatus == status)
}

// show prints the demo as it happens.
type show struct {
	*cli.Console
	terminal.Terminal
	steps, failed int
	pending       bool
}

// chapter starts a part of the story.
func (s *show) chapter(title string, remarks ...string) error {
	if s.JSON {
		return nil
	}
	text := "\n"
	for _, line := range terminal.Wrap(title, s.Width) {
		text += s.Paint(terminal.Bold, line) + "\n"
	}
	for _, remark := range remarks {
		for _, line := range terminal.Wrap(remark, s.Width-2) {
			text += s.Paint(terminal.Dim, "  "+line) + "\n"
		}
	}
	return s.Print(text)
}

// begin shows the current step to a person who is watching.
func (s *show) begin(title string) {
	if s.Interactive {
		s.pending = true
		// If this is lost, end prints it again.
		_ = s.Print("\r\x1b[K  " + s.Paint(terminal.Cyan, "…") + " " + cut(title, s.Width-4))
	}
}

// The columns of a step fit into the standard width of 80. On a narrower
// terminal the outcome has its own line.
const titleWidth = 36

// end prints the outcome of a step.
func (s *show) end(st step) error {
	s.steps++
	if !st.asExpected() {
		s.failed++
	}
	if s.JSON {
		return s.PrintJSON(st)
	}
	text := ""
	if s.pending {
		s.pending, text = false, "\r\x1b[K"
	}
	mark, outcome := s.Paint(terminal.Green, "✔"), st.Outcome
	if !st.asExpected() {
		mark = s.Paint(terminal.Red, "✘")
		outcome += ", expected " + strings.TrimSpace(st.Expected+" "+st.expectedReason)
	}
	sgr := terminal.Green
	if st.Outcome == rejected {
		sgr = terminal.Red
	}
	if st.HTTPStatus == 0 && st.Outcome == accepted { // a step, not a decision
		outcome = "done"
	}
	title := pad(st.title, utf8.RuneCountInString(st.title), titleWidth)
	if s.Width < terminal.StandardWidth {
		title = cut(st.title, s.Width-4) + "\n   "
	}
	return s.Print(fmt.Sprintf("%s  %s %s %s %s %s\n", text, mark, title,
		pad(s.Paint(sgr, outcome), len(outcome), 8),
		pad(st.Reason, len(st.Reason), 20),
		s.Paint(terminal.Dim, fmt.Sprintf("%8s", milliseconds(st.MS)))))
}

// milliseconds shows three significant digits.
func milliseconds(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// pad fills a text that looks width characters wide, whatever its color.
func pad(text string, width, to int) string { return text + strings.Repeat(" ", max(0, to-width)) }

func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:max(0, width)])
	}
	return text
}

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// abandon removes the line of a step that will not end.
func (s *show) abandon() {
	if s.pending {
		s.pending = false
		_ = s.Print("\r\x1b[K")
	}
}

// progress overwrites the line of the current step.
func (s *show) progress(text string) {
	if s.Interactive {
		s.begin(text)
	}
}

// finding prints what the demo set out to show.
func (s *show) finding(text string) error {
	if s.JSON {
		return nil
	}
	return s.Print(strings.Join(terminal.Wrap(text, s.Width), "\n") + "\n")
}
