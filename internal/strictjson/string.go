// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string (RFC 8259 §7).
func (s *scanner) string(i int) (int, error) {
	if s.at(i) != '"' {
		return 0, s.unexpected(i)
	}
	i++
	for long := i + 8; ; {
		// Any mixture of characters and short escapes takes the same branch.
		if i+1 >= len(s.text) {
			return 0, s.unexpected(len(s.text)) // no text ends with a string
		}
		c := s.text[i]
		escaped := backslash(c)
		if spelled[escaped][s.text[i+escaped]] != 0 {
			if i += 1 + escaped; i != long {
				continue
			}
			// Nearly every long string is base64 without escapes.
			if n := strings.IndexByte(s.text[i:], '"'); n >= 0 && isPlain(s.text[i:i+n]) {
				return i + n + 1, nil
			}
			continue
		}
		switch c {
		case '"':
			return i + 1, nil
		case '\\':
			end, err := s.unicodeEscape(i + 1)
			if err != nil {
				return 0, err
			}
			i = end
		default:
			return 0, s.unexpected(i)
		}
	}
}

// spelled holds what stands for itself in a string, and behind a backslash what
// a short escape stands for.
var spelled = func() (spelled [2][256]byte) {
	for c := range 256 {
		if c >= ' ' && c != '"' && c != '\\' {
			spelled[0][c] = byte(c)
		}
	}
	spelled[1] = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
	return spelled
}()

// backslash returns 1 for a backslash and 0 for anything else.
func backslash(c byte) (n int) {
	if c == '\\' {
		n = 1
	}
	return n
}

// unicodeEscape reads an escape from its u on, and the one of a low surrogate
// after that of a high one.
func (s *scanner) unicodeEscape(i int) (int, error) {
	if s.at(i) != 'u' {
		return 0, s.unexpected(i)
	}
	i++
	unit, ok := s.hex4(i)
	switch {
	case !ok || 0xdc00 <= unit && unit < 0xe000:
		return 0, s.unexpected(i)
	case unit < 0xd800 || unit >= 0xe000:
		return i + 4, nil
	}
	// A high surrogate: what follows must be the low one.
	if i += 4; s.at(i) != '\\' || s.at(i+1) != 'u' {
		return 0, s.unexpected(i)
	}
	if unit, ok = s.hex4(i + 2); !ok || unit < 0xdc00 || unit >= 0xe000 {
		return 0, s.unexpected(i)
	}
	return i + 6, nil
}

// hex4 reads four hexadecimal digits.
func (s *scanner) hex4(i int) (unit rune, ok bool) {
	a, b, c, d := hexDigit[s.at(i)], hexDigit[s.at(i+1)], hexDigit[s.at(i+2)], hexDigit[s.at(i+3)]
	return rune(a)<<12 | rune(b)<<8 | rune(c)<<4 | rune(d), a|b|c|d < 16
}

// hexDigit holds the values of hexadecimal digits, and 16 for all other bytes.
var hexDigit = func() (digits [256]uint8) {
	for i := range digits {
		digits[i] = 16
	}
	for i := range uint8(16) {
		digits["0123456789abcdef"[i]], digits["0123456789ABCDEF"[i]] = i, i
	}
	return digits
}()

// isPlain reports whether the content of a string has neither escapes nor bytes
// that need escaping. Nearly all of a header is such content, so isPlain checks
// eight bytes at a time.
func isPlain(content string) bool {
	const ones = 0x0101010101010101
	var found uint64
	for ; len(content) >= 8; content = content[8:] {
		w := word(content)
		// The subtraction sets the high bit of the lowest byte that is below ' ',
		// or that is a backslash and so zero in b; if there is no such byte, it
		// sets none.
		b := w ^ ones*'\\'
		found |= (w-ones*' ')&^w | (b-ones)&^b
	}
	if found&(ones<<7) != 0 {
		return false
	}
	for _, c := range []byte(content) {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return true
}

// Unquote decodes the value of a [Member] that is a string.
func Unquote(value string) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", errors.New("not a string")
	}
	content := value[1 : len(value)-1]
	if strings.IndexByte(content, '\\') < 0 {
		return content, nil
	}
	return unescape(content), nil
}

// unescape resolves the escapes of a string (RFC 8259 §7). Its result uses no
// more memory than its length: callers keep claims.
func unescape(content string) string {
	var room [64]byte
	text := slices.Grow(room[:0], len(content)) // no escape is shorter than what it spells
	s := scanner{text: content}
	for i := 0; i < len(content); {
		escaped := backslash(content[i])
		i += escaped
		if c := spelled[escaped][content[i]]; c != 0 {
			text = append(text, c)
			i++
			continue
		}
		char, _ := s.hex4(i + 1)
		if i += 5; utf16.IsSurrogate(char) {
			low, _ := s.hex4(i + 2)
			char = utf16.DecodeRune(char, low)
			i += 6
		}
		text = utf8.AppendRune(text, char)
	}
	return string(text)
}
