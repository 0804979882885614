// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
// differently (RFC 8725 §2.4, RFC 7515 §10.12): at every depth members must be
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
	for i, m := range members {
		for _, other := range members[:i] {
			if strings.EqualFold(m.name, other.name) {
				return nil, fmt.Errorf("the members %.40q and %.40q differ by case only", other.name, m.name)
			}
		}
	}
	return members, nil
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

// unquote decodes the JSON text of a string.
func unquote(value string) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", errors.New("not a string")
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], nil
	}
	var text string
	err := json.Unmarshal([]byte(value), &text)
	return text, err
}
