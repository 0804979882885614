// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"errors"
	"fmt"
	"strings"
)

// scanner walks a JSON text (RFC 8259) and refuses anything else. Its methods
// read what begins at i and return where it ends. The position is not a field:
// thousands of values fit into a token, and each would wait for memory.
type scanner struct {
	text  string
	names names
	// nameBytes and elements are counted, up to their limits.
	nameBytes, elements int
}

// object reads an object that is inside this many others, and returns its
// members if it is the outermost.
func (s *scanner) object(i, depth int, members []Member) (int, []Member, error) {
	if s.at(i) != '{' {
		return 0, nil, s.unexpected(i)
	}
	if depth == MaxDepth {
		return 0, nil, errors.New("objects in JSON nested too deeply")
	}
	if i = s.space(i + 1); s.at(i) == '}' {
		return i + 1, members, nil
	}
	for object := s.names.open(); ; {
		end, m, err := s.member(i, depth, object)
		if err != nil {
			return 0, nil, err
		}
		if depth == 0 {
			members = append(members, m)
		}
		i = s.space(end)
		if s.at(i) == '}' {
			return i + 1, members, nil
		}
		if s.at(i) != ',' {
			return 0, nil, s.unexpected(i)
		}
		i = s.space(i + 1)
	}
}

// member reads a member of the object with this number.
func (s *scanner) member(i, depth int, object uint16) (int, Member, error) {
	end, err := s.string(i)
	if err != nil {
		return 0, Member{}, err
	}
	if s.nameBytes += end - i - len(`""`); s.nameBytes > MaxNameBytes {
		return 0, Member{}, fmt.Errorf("names of more than %d bytes in JSON", MaxNameBytes)
	}
	name, err := Unquote(s.text[i:end])
	if err != nil {
		return 0, Member{}, err
	}
	if err := s.names.add(name, object); err != nil {
		return 0, Member{}, err
	}
	if i = s.space(end); s.at(i) != ':' {
		return 0, Member{}, s.unexpected(i)
	}
	i = s.space(i + 1)
	if end, err = s.value(i, depth+1); err != nil {
		return 0, Member{}, err
	}
	return end, Member{Name: name, Value: s.text[i:end]}, nil
}

func (s *scanner) value(i, depth int) (int, error) {
	switch s.at(i) {
	case '"':
		return s.string(i)
	case '{':
		end, _, err := s.object(i, depth, nil)
		return end, err
	case '[':
		return s.array(i, depth)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	}
	return s.number(i)
}

func (s *scanner) array(i, depth int) (int, error) {
	if depth == MaxDepth {
		return 0, errors.New("arrays in JSON nested too deeply")
	}
	if i = s.space(i + 1); s.at(i) == ']' {
		return i + 1, nil
	}
	for {
		if s.elements++; s.elements > MaxElements {
			return 0, fmt.Errorf("arrays of more than %d elements in JSON", MaxElements)
		}
		end, err := s.value(i, depth+1)
		if err != nil {
			return 0, err
		}
		i = s.space(end)
		if s.at(i) == ']' {
			return i + 1, nil
		}
		if s.at(i) != ',' {
			return 0, s.unexpected(i)
		}
		i = s.space(i + 1)
	}
}

func (s *scanner) literal(i int, text string) (int, error) {
	if !strings.HasPrefix(s.text[i:], text) {
		return 0, s.unexpected(i)
	}
	return i + len(text), nil
}

// number reads a number (RFC 8259 §6).
func (s *scanner) number(i int) (int, error) {
	if s.at(i) == '-' {
		i++
	}
	end := s.digits(i)
	if end == i || s.text[i] == '0' && end > i+1 {
		return 0, s.unexpected(i)
	}
	if c := s.at(end); c == '.' || c == 'e' || c == 'E' {
		return s.fraction(end)
	}
	return end, nil
}

// fraction reads what may follow the digits of a whole number.
func (s *scanner) fraction(i int) (int, error) {
	if s.at(i) == '.' {
		end := s.digits(i + 1)
		if end == i+1 {
			return 0, s.unexpected(end)
		}
		i = end
	}
	if s.at(i) == 'e' || s.at(i) == 'E' {
		if i++; s.at(i) == '+' || s.at(i) == '-' {
			i++
		}
		end := s.digits(i)
		if end == i {
			return 0, s.unexpected(i)
		}
		i = end
	}
	return i, nil
}

func (s *scanner) digits(i int) int {
	for i < len(s.text) && s.text[i]-'0' <= 9 {
		i++
	}
	return i
}

// at returns the byte at i, or 0 at the end; a NUL is valid nowhere.
func (s *scanner) at(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func (s *scanner) space(i int) int {
	if s.at(i) <= ' ' {
		return s.spaces(i)
	}
	return i
}

func (s *scanner) spaces(i int) int {
	for {
		switch s.at(i) {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
}

func (s *scanner) unexpected(i int) error {
	if i >= len(s.text) {
		return errors.New("unexpected end of JSON")
	}
	return fmt.Errorf("unexpected character at offset %d of JSON", i)
}
