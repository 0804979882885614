// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"errors"
	"fmt"
	"strings"
)

// scanner walks a JSON text (RFC 8259) and refuses anything else.
type scanner struct {
	text  string
	pos   int
	depth int
}

func (s *scanner) unexpected() error {
	if s.pos >= len(s.text) {
		return errors.New("unexpected end of JSON")
	}
	return fmt.Errorf("unexpected character at offset %d of JSON", s.pos)
}

// peek returns the next byte, or 0 at the end; a NUL is valid nowhere.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// next takes a byte that is known to exist.
func (s *scanner) next() byte {
	s.pos++
	return s.text[s.pos-1]
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// object reads an object and appends its members.
func (s *scanner) object(members []Member) ([]Member, error) {
	if !s.take('{') {
		return nil, s.unexpected()
	}
	if s.depth++; s.depth > MaxDepth {
		return nil, errors.New("JSON nested too deeply")
	}
	defer func() { s.depth-- }()
	base := len(members)
	for {
		s.space()
		if len(members) == base && s.take('}') {
			return members, nil
		}
		if len(members)-base == MaxMembers {
			return nil, fmt.Errorf("a JSON object of more than %d members", MaxMembers)
		}
		m, err := s.member()
		if err != nil {
			return nil, err
		}
		for _, other := range members[base:] {
			if other.Name == m.Name {
				return nil, fmt.Errorf("the member %.40q occurs twice", m.Name)
			}
		}
		members = append(members, m)
		s.space()
		if s.take('}') {
			return members, nil
		}
		if !s.take(',') {
			return nil, s.unexpected()
		}
	}
}

func (s *scanner) member() (Member, error) {
	start := s.pos
	if err := s.string(); err != nil {
		return Member{}, err
	}
	name, err := Unquote(s.text[start:s.pos])
	if err != nil {
		return Member{}, err
	}
	s.space()
	if !s.take(':') {
		return Member{}, s.unexpected()
	}
	s.space()
	start = s.pos
	if err := s.value(); err != nil {
		return Member{}, err
	}
	return Member{Name: name, Value: s.text[start:s.pos]}, nil
}

func (s *scanner) value() error {
	switch c := s.peek(); {
	case c == '"':
		return s.string()
	case c == '{':
		var buffer [8]Member
		_, err := s.object(buffer[:0])
		return err
	case c == '[':
		return s.array()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	for _, literal := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.text[s.pos:], literal) {
			s.pos += len(literal)
			return nil
		}
	}
	return s.unexpected()
}

func (s *scanner) array() error {
	s.pos++ // '['
	if s.depth++; s.depth > MaxDepth {
		return errors.New("JSON nested too deeply")
	}
	defer func() { s.depth-- }()
	if s.space(); s.take(']') {
		return nil
	}
	for {
		s.space()
		if err := s.value(); err != nil {
			return err
		}
		s.space()
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return s.unexpected()
		}
	}
}

// string reads a string (RFC 8259 §7).
func (s *scanner) string() error {
	if !s.take('"') {
		return s.unexpected()
	}
	// Nearly every string is long base64 without escapes.
	if n := strings.IndexByte(s.text[s.pos:], '"'); n >= 0 && isPlain(s.text[s.pos:s.pos+n]) {
		s.pos += n + 1
		return nil
	}
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return s.unexpected()
		default:
			s.pos++
		}
	}
	return s.unexpected()
}

// isPlain reports whether the content of a string has neither escapes nor bytes
// that need escaping. Nearly all of a header is such content, so isPlain checks
// eight bytes at a time.
func isPlain(content string) bool {
	const ones = 0x0101010101010101
	var found uint64
	for ; len(content) >= 8; content = content[8:] {
		w := uint64(content[0]) | uint64(content[1])<<8 | uint64(content[2])<<16 | uint64(content[3])<<24 |
			uint64(content[4])<<32 | uint64(content[5])<<40 | uint64(content[6])<<48 | uint64(content[7])<<56
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

func (s *scanner) escape() error {
	s.pos++ // '\\'
	c := s.peek()
	if c == 0 || strings.IndexByte(`"\/bfnrtu`, c) < 0 {
		return s.unexpected()
	}
	s.pos++
	if c != 'u' {
		return nil
	}
	unit, ok := s.hex4()
	switch {
	case !ok || 0xdc00 <= unit && unit < 0xe000:
		return s.unexpected()
	case unit < 0xd800 || unit >= 0xe000:
		return nil
	}
	// A high surrogate: what follows must be the low one.
	if !s.take('\\') || !s.take('u') {
		return s.unexpected()
	}
	if unit, ok = s.hex4(); !ok || unit < 0xdc00 || unit >= 0xe000 {
		return s.unexpected()
	}
	return nil
}

func (s *scanner) hex4() (unit int, ok bool) {
	for range 4 {
		c := s.peek()
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | int(c)
		s.pos++
	}
	return unit, true
}

// number reads a number (RFC 8259 §6).
func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return s.unexpected()
	}
	if s.take('.') && !s.digits() {
		return s.unexpected()
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return s.unexpected()
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}
