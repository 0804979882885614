// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// NotToken reports input that is not exactly one token. For `verify` that is a
// rejection: the sender may have chosen the input.
type NotToken struct{ what string }

func (n *NotToken) Error() string { return n.what + ": give one token in compact serialization" }

// unwrap removes what shells, header fields and JSON put around a token: white
// space, the name of the Authorization field, the scheme Bearer (RFC 6750
// §2.1), and the object that `stapled token --json` prints, or only its member.
// The token itself stays unchanged, byte for byte.
func unwrap(input string) (string, error) {
	// 1. ASCII white space at both ends.
	const space = " \t\r\n"
	text := strings.Trim(input, space)

	// 2. JSON.
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`) {
		var err error
		if text, err = tokenInJSON(text); err != nil {
			return "", err
		}
	} else {
		// 3. A header field.
		if field, value, ok := strings.Cut(text, ":"); ok && strings.EqualFold(field, "Authorization") {
			text = strings.TrimLeft(value, " \t")
		}
		if scheme, value, ok := strings.Cut(text, " "); strings.EqualFold(scheme, "Bearer") {
			if !ok {
				return "", &NotToken{"the input is only the word " + scheme}
			}
			text = strings.TrimLeft(value, " ")
		}
	}

	// 4. The rest must be one word.
	if words := len(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(space, r) })); words > 1 {
		if lines := strings.Count(text, "\n") + 1; lines > 1 {
			return "", &NotToken{fmt.Sprintf("the input has %d lines", lines)}
		}
		return "", &NotToken{fmt.Sprintf("the input has %d words", words)}
	}
	for i, r := range text {
		if r <= ' ' || r >= 0x7f {
			return "", &NotToken{fmt.Sprintf("the input has the character %U after %d others, and no token contains it", r, i)}
		}
	}
	return text, nil
}

// tokenInJSON reads one string, or the member "token" of one object. It refuses
// a second one: another reader could choose that one instead.
func tokenInJSON(text string) (string, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	token, err := memberOrString(decoder)
	if err != nil {
		return "", err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", &NotToken{"the input has more after its first JSON value"}
	}
	return token, nil
}

func memberOrString(decoder *json.Decoder) (string, error) {
	malformed := &NotToken{"the input looks like JSON but is not"}
	first, err := decoder.Token()
	if err != nil {
		return "", malformed
	}
	if text, ok := first.(string); ok {
		return text, nil
	}
	members := make(map[string]json.RawMessage)
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return "", malformed
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return "", malformed
		}
		text, ok := name.(string)
		if _, twice := members[text]; twice || !ok {
			return "", &NotToken{fmt.Sprintf("the input is a JSON object with two members %.40q", text)}
		}
		members[text] = value
	}
	if _, err := decoder.Token(); err != nil {
		return "", malformed
	}
	var token, reason string
	switch {
	case members["token"] != nil:
		if json.Unmarshal(members["token"], &token) != nil || token == "" {
			return "", &NotToken{`the member "token" of the input is not a string with a token`}
		}
		return token, nil
	case members["payload"] != nil:
		return "", &NotToken{"the input is a JWS in JSON serialization"}
	case members["reason"] != nil && json.Unmarshal(members["reason"], &reason) == nil:
		return "", &NotToken{fmt.Sprintf("the input is a refusal, %.40q, instead of a token", reason)}
	}
	return "", &NotToken{`the input is a JSON object without a member "token"`}
}
