// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

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
// compares each with each, far below the price of a signature verification.
const (
	maxDepth   = 16
	maxMembers = 64
)

// member is one member of a JSON object.
type member struct {
	name string
	// value is the JSON text of the value.
	value string
}

// parseObject reads a JSON object (RFC 8259 §4) and appends its members. It is
// stricter than encoding/json where two parsers could understand the same text
// differently (RFC 8725 §2.6, RFC 7515 §10.12): at every depth members must be
// distinct, at the top also by more than case; the text must be valid UTF-8
// without lone surrogates; nothing may follow it.
func parseObject(text string, members []member) ([]member, error) {
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
	// Names in lower case, as nearly all are, differ by more than case.
	if !slices.ContainsFunc(members, func(m member) bool { return fold(m.name) != m.name }) {
		return members, nil
	}
	folded := make([]string, 0, maxMembers)
	for _, m := range members {
		name := fold(m.name)
		if first := slices.Index(folded, name); first >= 0 {
			return nil, fmt.Errorf("the members %.40q and %.40q differ by case only", members[first].name, m.name)
		}
		folded = append(folded, name)
	}
	return members, nil
}

// fold maps names to the same string exactly if strings.EqualFold holds for
// them. Comparing each with each by that function would let a stranger spend
// milliseconds of ours on 64 long names.
func fold(name string) string {
	for _, c := range []byte(name) {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, name)
		}
	}
	return name
}

// foldRune is the least of the runes that fold to each other, or the lower-case
// letter if that is in ASCII.
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

// parseStrings reads a JSON array of strings and appends them; at most limit.
func parseStrings(value string, list []string, limit int) ([]string, error) {
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
			s.take(',') // parseObject has seen that it is there
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
			return nil, errTooMany
		}
		text, err := unquote(value[start:s.pos])
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
}

var errTooMany = errors.New("too many elements")

// unquote decodes the JSON text of a string that scanner has read.
func unquote(value string) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", errors.New("not a string")
	}
	content := value[1 : len(value)-1]
	if strings.IndexByte(content, '\\') < 0 {
		return content, nil
	}
	return unescape(content), nil
}

// unescape resolves the escapes of a string (RFC 8259 §7). What it returns takes
// no more memory than it is long: claims are kept.
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
