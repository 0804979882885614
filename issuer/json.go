// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits that verifiers set to a JSON text.
const (
	maxDepth   = 16
	maxMembers = 64
)

// reserved are the claims that the issuer sets, all of them in every token but
// sub, which [Claims] has a field for.
var reserved = []string{"iss", "sub", "aud", "iat", "nbf", "exp", "jti"}

// encodeExtra returns the members of the object that v encodes to, without its
// braces.
func encodeExtra(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("extra claims: %w", err)
	}
	if string(text) == "null" {
		return nil, nil // a nil map or pointer
	}
	if text[0] != '{' {
		return nil, fmt.Errorf("extra claims: %T is no JSON object", v)
	}
	// json.Marshal passes on what a json.RawMessage or a MarshalJSON method
	// has written.
	if !utf8.Valid(text) || hasLoneSurrogate(text) {
		return nil, errors.New("extra claims: not UTF-8, or a surrogate without its pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := checkValue(decoder, 1); err != nil {
		return nil, fmt.Errorf("extra claims: %w", err)
	}
	return text[1 : len(text)-1], nil
}

// hasLoneSurrogate looks for an escape that stands for half a character (RFC
// 8259 §8.2), which encoding/json reads as U+FFFD.
func hasLoneSurrogate(text []byte) bool {
	const none = -1
	low := none // where the escape of a low surrogate has to begin
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		start, isUnit := i, text[i+1] == 'u'
		if low != none && (start != low || !isUnit) {
			return true
		}
		i++
		if !isUnit {
			continue
		}
		unit, _ := strconv.ParseUint(string(text[i+1:i+5]), 16, 16) // json.Marshal has checked it
		if isLow := 0xdc00 <= unit && unit < 0xe000; isLow != (low != none) {
			return true
		}
		i += 4
		if low = none; 0xd800 <= unit && unit < 0xdc00 {
			low = i + 1
		}
	}
	return low != none
}

// checkValue reads one value and refuses what verifiers refuse: two members of
// one name, at the top also if only their case differs, and structures beyond
// the limits.
func checkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if delim == '{' {
		return checkMembers(decoder, depth)
	}
	for decoder.More() {
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

func checkMembers(decoder *json.Decoder, depth int) error {
	top := depth == 1
	var names []string
	if top {
		names = append(names, reserved...)
	}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		for n, other := range names {
			if name != other && !(top && strings.EqualFold(name, other)) {
				continue
			}
			if top && n < len(reserved) {
				return fmt.Errorf("%.40q is for the issuer to set", name)
			}
			return fmt.Errorf("%.40q occurs twice", name)
		}
		// The claims of the issuer are members too, at the top.
		if names = append(names, name); len(names) > maxMembers {
			return fmt.Errorf("more than %d members", maxMembers)
		}
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// appendStrings writes a JSON array.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for n, s := range list {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString writes a JSON string (RFC 8259 §7). Names and base64 need no
// escapes; the rest is left to encoding/json.
func appendString(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // a string does not fail
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
