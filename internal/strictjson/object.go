// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package strictjson reads only JSON (RFC 8259) that every parser understands
// the same way. Verifiers read tokens with it, and issuers sign only claims
// that it reads.
//
// It refuses texts that encoding/json accepts: member names that are repeated or
// differ only by case, names that imitate a registered one, lone surrogates,
// bytes that are not UTF-8, and texts deep or wide enough to cost as much as a
// signature verification (RFC 8725 §2.6, RFC 7515 §10.12). It does what rule 1.4
// of docs/format.md says.
package strictjson

import "errors"

// The limits of a JSON text. With them, the worst text that fits into a token
// costs less than half a signature verification.
const (
	// MaxDepth is how many objects and arrays may be nested.
	MaxDepth = 16
	// MaxMembers is how many members all objects of a text may have together.
	MaxMembers = 256
	// MaxNameBytes is how long their names may be together, as they are written
	// between the quotation marks.
	MaxNameBytes = 4096
	// MaxElements is how many elements all arrays of a text may have together.
	MaxElements = 2048
)

// Member is one member of a JSON object.
type Member struct {
	Name string
	// Value is the JSON text of the value.
	Value string
}

// ParseObject reads a JSON object (RFC 8259 §4) and appends its members. It is
// stricter than encoding/json where two parsers could understand the same text
// differently (RFC 8725 §2.6, RFC 7515 §10.12): the member names of an object
// must differ by more than case, at every depth; no name at the top may be
// another spelling of a registered one; the text must be valid UTF-8 without
// lone surrogates; nothing may follow the object.
func ParseObject(text string, registered *Registered, members []Member) ([]Member, error) {
	if !validUTF8(text) {
		return nil, errors.New("not valid UTF-8")
	}
	s := scanner{text: text}
	end, members, err := s.object(s.space(0), 0, members)
	if err != nil {
		return nil, err
	}
	if end = s.space(end); end != len(text) {
		return nil, s.unexpected(end)
	}
	for _, m := range members {
		if err := registered.check(m.Name); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// ParseStrings reads the value of a [Member] as an array of strings and appends
// them; ErrTooMany if there are more than limit.
func ParseStrings(value string, list []string, limit int) ([]string, error) {
	s := scanner{text: value}
	if s.at(0) != '[' {
		return nil, errors.New("not an array")
	}
	for i := s.space(1); s.at(i) != ']'; {
		if s.at(i) != '"' {
			return nil, errors.New("not an array of strings")
		}
		end, err := s.string(i)
		if err != nil {
			return nil, err
		}
		if len(list) == limit {
			return nil, ErrTooMany
		}
		text, err := Unquote(value[i:end])
		if err != nil {
			return nil, err
		}
		list = append(list, text)
		// ParseObject has checked that a comma or the end follows.
		if i = s.space(end); s.at(i) == ',' {
			i = s.space(i + 1)
		}
	}
	return list, nil
}

// ErrTooMany means that an array has more elements than the caller permits.
var ErrTooMany = errors.New("too many elements")
