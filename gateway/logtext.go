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
	// maxLogged bounds what a stranger can write into a line of the log, and
	// maxSearched what is searched for his token.
	maxLogged   = 256
	maxSearched = 16 << 10
	// minSegment is the length from which a segment of a token is taken for
	// one: shorter ones are words of the text, and no use to a thief.
	minSegment = 16
)

// loggable makes a text fit for the log: short, and without the token. The
// verifier's errors never hold it, but a path can, and so can the errors of
// somebody else's verifier. It is cut segment by segment, because a signed
// payload in a log is as bad. What is too long to be searched is left out whole.
func loggable(text, raw string) string {
	if len(text) > maxSearched {
		return fmt.Sprintf("[%d bytes]", len(text))
	}
	// A text that is longer, or has more segments, is no token.
	if len(raw) <= stapled.MaxTokenBytes {
		for _, segment := range append([]string{raw}, strings.SplitN(raw, ".", 4)...) {
			if len(segment) >= minSegment {
				text = strings.ReplaceAll(text, segment, "[token]")
			}
		}
	}
	if len(text) <= maxLogged {
		return text
	}
	end := maxLogged
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
