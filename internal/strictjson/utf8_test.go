// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"testing"
	"unicode/utf8"
)

// Every sequence of one or two bytes, and every one of three or four whose bytes
// are at the ends of the ranges of RFC 3629, is valid exactly if package utf8 says so.
func TestValidUTF8(t *testing.T) {
	compare := func(b ...byte) {
		for _, text := range []string{string(b), "x" + string(b) + "x", "eight by" + string(b) + "é"} {
			if got := validUTF8(text); got != utf8.ValidString(text) {
				t.Fatalf("%q: %t", text, got)
			}
		}
	}
	ends := []byte{0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff}
	compare()
	for a := range 256 {
		compare(byte(a))
		for b := range 256 {
			compare(byte(a), byte(b))
		}
	}
	for _, a := range ends {
		for _, b := range ends {
			for _, c := range ends {
				compare(a, b, c)
				for _, d := range ends {
					compare(a, b, c, d)
				}
			}
		}
	}
}
