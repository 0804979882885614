// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// characterCases returns the cases for rule 1.3: an invalid character at the
// start, in the middle and at the end of each segment.
func characterCases() []Case {
	var cases []Case
	for i, segment := range []string{"header", "payload", "signature"} {
		for _, c := range []struct{ name, text string }{
			{"space", " "}, {"tab", "\t"}, {"line_feed", "\n"}, {"carriage_return", "\r"}, {"CRLF", "\r\n"},
			{"padding", "="}, {"plus", "+"}, {"slash", "/"}, {"NUL", "\x00"}, {"a_letter_beyond_ascii", "é"}, {"percent", "%2e"},
		} {
			for place, change := range inOrder(
				"begins_with", prefix(c.text),
				"has_inside", func(s string) string { return s[:len(s)/2] + c.text + s[len(s)/2:] },
				"ends_with", suffix(c.text),
			) {
				cases = append(cases, Case{name: segment + "_" + place + "_" + c.name, rules: "1.3", unpublished: true,
					after: part(i, change), want: stapled.Malformed})
			}
		}
		cases = append(cases, Case{name: segment + "_one_character_short", rules: "1.3", unpublished: true, edit: unevenSegments,
			after: part(i, func(s string) string { return s[:len(s)-len(s)%4+1] }), want: stapled.Malformed})
	}
	return cases
}

// pad returns padding that does not belong there.
func pad(length int) string {
	if length%4 == 0 {
		return "===="
	}
	return ""
}

// unevenSegments gives every segment unused trailing bits: a header and a
// payload of 3n+1 bytes, and a signature of 64.
func unevenSegments(_ *Maker, t *testca.Token) {
	for i := 0; len(t.Header.Bytes())%3 != 1; i++ {
		t.Header.Set("fill", strings.Repeat("x", i))
	}
	for i := 0; len(t.Claims.Bytes())%3 != 1; i++ {
		t.Claims.Set("fill", strings.Repeat("x", i))
	}
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// trailingBits sets the lowest of the unused bits.
func trailingBits(s string) string {
	last := strings.IndexByte(base64url, s[len(s)-1])
	return s[:len(s)-1] + string(base64url[last|1])
}

// oneMore gives a text a length that base64 never has.
func oneMore(s string) string {
	for len(s)%4 != 1 {
		s += "A"
	}
	return s
}
