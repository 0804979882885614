// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"strings"
	"testing"
)

// Eight bytes at a time find what one at a time does, wherever it is.
func TestPlainStrings(t *testing.T) {
	const text = "abcdefgh01234567xyz"
	plain := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\\' })
	}
	for i := range len(text) {
		for c := range 256 {
			for _, neighbor := range []byte{0x00, 0x1f, ' ', '!', '[', '\\', ']', 0x7f, 0x80, 0xff} {
				b := []byte(text)
				b[i], b[(i+1)%len(b)] = byte(c), neighbor
				if s := string(b); isPlain(s) != plain(s) {
					t.Fatalf("isPlain(%q) is %t", s, isPlain(s))
				}
			}
		}
	}
}
