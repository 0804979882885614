// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// shapeForgeries are T9: what is not exactly three segments of canonical
// base64url.
var shapeForgeries = shapes()

func shapes() []forgery {
	rows := []forgery{
		{name: "empty", after: func(*world, string, string) string { return "" }},
		{name: "dots only", after: func(*world, string, string) string { return ".." }},
		{name: "one segment", after: func(_ *world, raw, _ string) string { return cut(raw)[0] }},
		{name: "two segments", after: func(_ *world, raw, _ string) string { return cut(raw)[0] + "." + cut(raw)[1] }},
		{name: "four segments", after: func(_ *world, raw, _ string) string { return raw + "." + cut(raw)[2] }},
		{name: "five segments", after: func(_ *world, raw, _ string) string { return raw + "." + cut(raw)[1] + "." + cut(raw)[2] }},
		{name: "fourth segment empty", after: func(_ *world, raw, _ string) string { return raw + "." }},
		{name: "leading dot", after: func(_ *world, raw, _ string) string { return "." + raw }},
		{name: "two dots in the middle", after: func(_ *world, raw, _ string) string { return strings.Replace(raw, ".", "..", 1) }},
		{name: "leading space", after: func(_ *world, raw, _ string) string { return " " + raw }},
		{name: "trailing line break", after: func(_ *world, raw, _ string) string { return raw + "\n" }},
		{name: "trailing NUL", after: func(_ *world, raw, _ string) string { return raw + "\x00" }},
		{name: "scheme", after: func(_ *world, raw, _ string) string { return "Bearer " + raw }},
		{name: "flattened JSON", after: func(_ *world, raw, _ string) string {
			return fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, cut(raw)[0], cut(raw)[1], cut(raw)[2])
		}},
		{name: "general JSON", after: func(_ *world, raw, _ string) string {
			return fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, cut(raw)[1], cut(raw)[0], cut(raw)[2])
		}},
		{name: "JSON with x5c and ocsp unprotected", edit: func(_ *world, t *testca.Token) {
			t.Header.Drop("x5c")
			t.Header.Drop("ocsp")
		}, after: func(w *world, raw, _ string) string {
			return fmt.Sprintf(`{"protected":%q,"header":{"x5c":[%q,%q],"ocsp":%q},"payload":%q,"signature":%q}`, cut(raw)[0],
				std(w.leaf.Cert.Raw), std(w.intermediate.Cert.Raw), encodeStaples(w.leaf.Staple()), cut(raw)[1], cut(raw)[2])
		}},
	}
	for i, segment := range []string{"header", "payload", "signature"} {
		rows = append(rows, forgery{name: segment + " empty", after: inSegment(i, func(string) string { return "" })})
		for _, c := range []struct{ name, text string }{
			{"space", " "}, {"tab", "\t"}, {"line feed", "\n"}, {"carriage return", "\r"}, {"CRLF", "\r\n"},
			{"padding", "="}, {"plus", "+"}, {"slash", "/"}, {"NUL", "\x00"}, {"not ASCII", "é"}, {"percent", "%2e"},
		} {
			rows = append(rows,
				forgery{name: segment + " begins with " + c.name, after: inSegment(i, func(s string) string { return c.text + s })},
				forgery{name: segment + " has inside " + c.name, after: inSegment(i, func(s string) string { return s[:len(s)/2] + c.text + s[len(s)/2:] })},
				forgery{name: segment + " ends with " + c.name, after: inSegment(i, func(s string) string { return s + c.text })})
		}
		rows = append(rows,
			forgery{name: segment + " with right padding", edit: threeByteRemainder(i), after: inSegment(i, func(s string) string {
				return s + strings.Repeat("=", (4-len(s)%4)%4)
			})},
			forgery{name: segment + " with stray trailing bits", edit: threeByteRemainder(i), after: inSegment(i, func(s string) string {
				return s[:len(s)-1] + nextDigit(s[len(s)-1])
			})},
			forgery{name: segment + " one character short", edit: threeByteRemainder(i), after: inSegment(i, func(s string) string {
				return s[:len(s)-len(s)%4+1]
			})})
	}
	for i := range rows {
		rows[i].row, rows[i].want = "T09", stapled.Malformed
	}
	return rows
}

func cut(raw string) []string { return strings.Split(raw, ".") }

func inSegment(i int, change func(string) string) func(*world, string, string) string {
	return func(_ *world, raw, _ string) string {
		parts := cut(raw)
		parts[i] = change(parts[i])
		return strings.Join(parts, ".")
	}
}

// threeByteRemainder makes a segment end in the middle of a group of three
// bytes, so that its last character has spare bits. A signature by P-256 does
// so anyway.
func threeByteRemainder(segment int) edit {
	return func(_ *world, t *testca.Token) {
		members := &t.Header
		switch segment {
		case 1:
			members = &t.Claims
		case 2:
			return
		}
		for pad := ""; len(members.Bytes())%3 != 1; pad += "x" {
			members.Set("pad", pad)
		}
	}
}

// nextDigit is the base64url digit after one.
func nextDigit(c byte) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(digits[strings.IndexByte(digits, c)+1])
}
