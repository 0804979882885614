// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package terminal writes for people: it finds how wide a terminal is and
// whether it has colors, and lays out text and fields on it. It first makes
// text from elsewhere harmless.
package terminal

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Terminal describes the stream that a person reads.
type Terminal struct {
	// Interactive reports whether a line can be overwritten.
	Interactive bool
	Color       bool
	Width       int
}

// Widths in columns.
const (
	// StandardWidth is the width of a terminal that does not report its own.
	StandardWidth = 80
	// LeastWidth is the width below which lines are not broken further.
	LeastWidth = 40
)

// Of examines a stream. Color needs a terminal that wants it
// (https://no-color.org).
func Of(stream io.Writer) Terminal {
	t := Terminal{Width: StandardWidth}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		t.Width = n
	}
	if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.Interactive = os.Getenv("TERM") != "dumb"
		t.Color = t.Interactive && os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.Width = width
		}
	}
	t.Width = max(t.Width, LeastWidth)
	return t
}

// IsTerminal reports whether somebody would have to type the input.
func IsTerminal(stream io.Reader) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// The colors, as the parameters of SGR (ECMA-48 §8.3.117).
const (
	Bold   = "1"
	Dim    = "2"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Cyan   = "36"
)

// Paint colors a text, if the terminal does.
func (t Terminal) Paint(sgr, text string) string {
	if !t.Color || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// Printable makes a text that somebody else wrote harmless for a terminal: it
// replaces what is not printable with its Go escape.
func Printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Wrap breaks a text into lines of at most width characters.
func Wrap(text string, width int) []string {
	runes := []rune(text)
	var lines []string
	for len(runes) > width {
		// Prefer a space in the last third, and otherwise any comma, as between the
		// members of a JSON array, so that words stay whole.
		cut := width
		for i := width; i > 1; i-- {
			if i > width*2/3 && runes[i] == ' ' || runes[i-1] == ',' {
				cut = i
				break
			}
		}
		lines = append(lines, string(runes[:cut]))
		runes = runes[cut:]
		if len(runes) > 0 && runes[0] == ' ' {
			runes = runes[1:]
		}
	}
	return append(lines, string(runes))
}

// Fill breaks a text between words.
func Fill(text string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, word)
		} else {
			lines[last] += " " + word
		}
	}
	return lines
}
