// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads only JSON (RFC 8259) that every parser understands
// the same way. Verifiers read tokens with it, and issuers sign only claims
// that it reads.
//
// It refuses texts that encoding/json accepts: repeated member names, top-level
// names that differ only by case, lone surrogates, bytes that are not UTF-8,
// and texts deep or wide enough to cost more than a signature verification (RFC
// 8725 §2.6, RFC 7515 §10.12).
package strictjson

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of a JSON text. They keep the search for duplicate members, which
// compares each with each, far below the cost of a signature verification.
const (
	// MaxDepth is how many objects and arrays may be nested.
	MaxDepth = 16
	// MaxMembers is how many members an object may have.
	MaxMembers = 64
)

// Member is one member of a JSON object.
type Member struct {
	Name string
	// Value is the JSON text of the value.
	Value string
}

// ParseObject reads a JSON object (RFC 8259 §4) and appends its members. It is
// stricter than encoding/json where two parsers could understand the same text
// differently (RFC 8725 §2.6, RFC 7515 §10.12): member names must be distinct
// at every depth, and at the top level must differ by more than case; the text
// must be valid UTF-8 without lone surrogates; nothing may follow the object.
func ParseObject(text string, members []Member) ([]Member, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("not valid UTF-8")
	}
	s := scanner{text: text}
	s.space()
	members, err := s.object(members)
	if err != nil {
		return nil, err
	}
	if s.space(); s.pos != len(text) {
		return nil, s.unexpected()
	}
	// Distinct names in lower case, as nearly all are, differ by more than case.
	if !slices.ContainsFunc(members, func(m Member) bool { return Fold(m.Name) != m.Name }) {
		return members, nil
	}
	folded := make([]string, 0, MaxMembers)
	for _, m := range members {
		name := Fold(m.Name)
		if first := slices.Index(folded, name); first >= 0 {
			return nil, fmt.Errorf("the members %.40q and %.40q differ by case only", members[first].Name, m.Name)
		}
		folded = append(folded, name)
	}
	return members, nil
}

// Fold maps two names to the same string exactly if strings.EqualFold reports
// them equal. Comparing each with each by that function would let a stranger
// cost us milliseconds with 64 long names.
func Fold(name string) string {
	for _, c := range []byte(name) {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, name)
		}
	}
	return name
}

// foldRune returns the smallest of the runes that fold to each other, or the
// lower-case letter if that is ASCII.
func foldRune(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// ParseStrings reads the value of a [Member] as an array of strings and appends
// them; ErrTooMany if there are more than limit.
func ParseStrings(value string, list []string, limit int) ([]string, error) {
	s := scanner{text: value}
	if !s.take('[') {
		return nil, errors.New("not an array")
	}
	for first := true; ; first = false {
		s.space()
		if s.take(']') {
			return list, nil
		}
		if !first {
			s.take(',') // ParseObject has checked that it is there
			s.space()
		}
		start := s.pos
		if s.peek() != '"' {
			return nil, errors.New("not an array of strings")
		}
		if err := s.string(); err != nil {
			return nil, err
		}
		if len(list) == limit {
			return nil, ErrTooMany
		}
		text, err := Unquote(value[start:s.pos])
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
}

// ErrTooMany means that an array has more elements than the caller permits.
var ErrTooMany = errors.New("too many elements")

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
	text := room[:0]
	for s := (scanner{text: content}); s.pos < len(content); {
		c := s.next()
		if c != '\\' {
			text = append(text, c)
			continue
		}
		switch c = s.next(); c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			unit, _ := s.hex4()
			char := rune(unit)
			if utf16.IsSurrogate(char) {
				s.pos += len(`\u`)
				low, _ := s.hex4()
				char = utf16.DecodeRune(char, rune(low))
			}
			text = utf8.AppendRune(text, char)
			continue
		} // the others, a quotation mark and slashes, stand for themselves
		text = append(text, c)
	}
	return string(text)
}
