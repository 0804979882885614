// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// terminal is what is known about the stream that a person reads.
type terminal struct {
	// interactive says that a line can be overwritten.
	interactive bool
	colour      bool
	width       int
}

const standardWidth, leastWidth = 80, 40

// terminalOf looks at a stream. Colour needs a terminal that wants it
// (https://no-color.org).
func terminalOf(stream io.Writer) terminal {
	t := terminal{width: standardWidth}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		t.width = n
	}
	if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.interactive = os.Getenv("TERM") != "dumb"
		t.colour = t.interactive && os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.width = width
		}
	}
	t.width = max(t.width, leastWidth)
	return t
}

// isTerminal tells whether somebody would have to type the input.
func isTerminal(stream io.Reader) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// The colours, as the parameters of SGR (ECMA-48 §8.3.117).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// paint colours a text, if the terminal does.
func (t terminal) paint(sgr, text string) string {
	if !t.colour || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// printable makes a text that somebody else wrote harmless for a terminal:
// what is not printable becomes its Go escape.
func printable(text string) string {
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

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	runes := []rune(text)
	var lines []string
	for len(runes) > width {
		// Prefer a space in the last third, and else any comma, as between the
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

// fill breaks a text between words.
func fill(text string, width int) []string {
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
