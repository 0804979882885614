// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"strings"
	"testing"
	"time"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ÄÖ ✔":    "plain ÄÖ ✔",
		"\x1b]0;x\a":    `\x1b]0;x\a`,
		"\u009b31m":     `\u009b31m`,
		"\u202eevil":    `\u202eevil`,
		"a\nb\tc":       `a\nb\tc`,
		"\xff":          `\ufffd`,
		"zero\u200bwid": `zero\u200bwid`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("printable(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""}, {"short", 10, "short"}, {"exactly 10", 10, "exactly 10"},
		{"a word that breaks at spaces", 12, "a word that/breaks at/spaces"},
		{"nospacesatallhere", 5, "nospa/cesat/allhe/re"},
		{"ÄÖÜÄÖÜ", 4, "ÄÖÜÄ/ÖÜ"},
		{`["billing","echo","orders"]`, 18, `["billing","echo",/"orders"]`},
		{`["a","a-long-one","b"]`, 13, `["a",/"a-long-one",/"b"]`},
	} {
		if got := strings.Join(Wrap(row.text, row.width), "/"); got != row.want {
			t.Errorf("wrap(%q, %d) = %s, want %s", row.text, row.width, got, row.want)
		}
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 900 * time.Millisecond: "0s", time.Second: "1s", 61 * time.Second: "1m1s", time.Hour: "1h", 5 * time.Minute: "5m",
		25*time.Hour + 30*time.Minute: "1d1h", 400 * 24 * time.Hour: "1y35d", 24*time.Hour + time.Second: "1d",
	} {
		if got := length(d); got != want {
			t.Errorf("length(%s) = %s, want %s", d, got, want)
		}
	}
}
