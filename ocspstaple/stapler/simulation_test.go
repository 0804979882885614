// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// maxPeak bounds the busiest second of a responder by a multiple of the mean of
// the same time. A fleet that started together and asks again halfway, give or
// take a tenth, reaches 5.
const maxPeak = 2.5

// TestFleet simulates 100,000 issuers that start together, whose staples are
// valid for ten minutes, with three responders, one of which is dead for five
// minutes. Nobody is ever without a fresh staple again, and no responder has to
// bear much more than the mean. It keeps docs/performance.md right.
func TestFleet(t *testing.T) {
	for _, row := range []struct {
		name, found, dead string
		urls, silent      bool
	}{
		{"addresses, one refuses", "addresses of one name", "refuses", false, false},
		{"addresses, one is silent", "addresses of one name", "is silent", false, true},
		{"URLs, one refuses", "URLs in each certificate", "refuses", true, false},
		{"URLs, one is silent", "URLs in each certificate", "is silent", true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := simulate(row.urls, row.silent)
			if f.without > 0 {
				t.Errorf("issuers were without a fresh staple %d times", f.without)
			}
			// Not the first minute: nobody has a staple, and everybody asks.
			figures := []float64{float64(f.busiest(0, time.Minute))}
			for _, span := range []struct{ from, to time.Duration }{{time.Minute, dies}, {dies, dies + deadFor}, {dies + deadFor, horizon}} {
				mean, busiest := f.mean(span.from, span.to), float64(f.busiest(span.from, span.to))
				if busiest > maxPeak*mean {
					t.Errorf("from %s to %s, a responder gets %.0f requests in a second, more than %.1f times the mean, %.0f", span.from, span.to, busiest, maxPeak, mean)
				}
				figures = append(figures, mean, busiest)
			}
			text := []string{row.found, row.dead}
			for _, figure := range append(figures, float64(f.without)) {
				text = append(text, strconv.Itoa(int(math.Round(figure))))
			}
			line := "| " + strings.Join(text, " | ") + " |"
			t.Log(line)
			for _, page := range []string{"../../docs/performance.md", "../../benchmarks/performance.md.tmpl"} {
				checkPage(t, page, row.found, row.dead, line)
			}
		})
	}
}

// checkPage compares a line of a table with the one in a page. Figures may differ
// by a tenth: floating-point arithmetic is not the same everywhere.
func checkPage(t *testing.T, page, found, dead, line string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for there := range strings.Lines(string(text)) {
		if !strings.HasPrefix(there, fmt.Sprintf("| %s | %s |", found, dead)) {
			continue
		}
		a, b := strings.Split(strings.TrimSpace(there), " | "), strings.Split(line, " | ")
		if len(a) != len(b) {
			t.Fatalf("%s has %d columns, want %d", page, len(a), len(b))
		}
		for i := range a {
			x, y := number(a[i]), number(b[i])
			if math.Abs(x-y) > y/10 {
				t.Errorf("%s says %s, want about %s in\n%s", page, a[i], b[i], line)
			}
		}
		return
	}
	t.Errorf("%s has no line like\n%s", page, line)
}

// number returns the number in a cell; 0 if it is text.
func number(cell string) float64 {
	n, err := strconv.ParseFloat(strings.Trim(strings.ReplaceAll(cell, ",", ""), "| "), 64)
	if err != nil {
		return 0
	}
	return n
}
