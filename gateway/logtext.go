// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stapledjwt/stapled"
)

const (
	// maxLogged limits what a stranger can write into a log line, and
	// maxSearched the text that is searched for the token.
	maxLogged   = 256
	maxSearched = 16 << 10
	// minSegment is the length from which to treat a text as a token segment:
	// shorter ones are ordinary words, and no use to a thief.
	minSegment = 16
)

// loggable makes a text fit for the log: short, and without the token. The
// verifier's errors never contain it, but a path can, and so can the errors of
// another verifier. It removes the token segment by segment, because a signed
// payload in a log is just as bad. It omits a text that is too long to search.
func loggable(text, raw string) string { return short(withoutToken(text, raw)) }

// withoutToken removes a token. The text never becomes longer.
func withoutToken(text, raw string) string {
	if len(text) > maxSearched {
		return fmt.Sprintf("[%d bytes]", len(text))
	}
	// A text that is longer, or has more segments, is not a token.
	if len(raw) <= stapled.MaxTokenBytes {
		for _, segment := range append([]string{raw}, strings.SplitN(raw, ".", 4)...) {
			if len(segment) >= minSegment {
				text = strings.ReplaceAll(text, segment, "[token]")
			}
		}
	}
	return text
}

// short cuts off a text that is too long for a log line.
func short(text string) string {
	if len(text) <= maxLogged {
		return text
	}
	end := maxLogged
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
