// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// notToken is input that holds something else than one token, or more than one.
// To `verify` this is a rejection: whoever sent it may have chosen it.
type notToken struct{ what string }

func (n *notToken) Error() string { return n.what + ": give one token in compact serialization" }

// unwrap takes off what shells, header fields and JSON put around a token: white
// space, the name of the Authorization field, the scheme Bearer (RFC 6750 §2.1),
// and the object that `stapled token --json` prints, or its member alone. The
// token itself stays as it is, byte for byte.
func unwrap(input string) (string, error) {
	// 1. White space of ASCII, at both ends.
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
				return "", &notToken{"the input is only the word " + scheme}
			}
			text = strings.TrimLeft(value, " ")
		}
	}

	// 4. What is left is one word.
	if words := len(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(space, r) })); words > 1 {
		if lines := strings.Count(text, "\n") + 1; lines > 1 {
			return "", &notToken{fmt.Sprintf("the input has %d lines", lines)}
		}
		return "", &notToken{fmt.Sprintf("the input has %d words", words)}
	}
	for i, r := range text {
		if r <= ' ' || r >= 0x7f {
			return "", &notToken{fmt.Sprintf("the input has the character %U behind %d others, and a token has none such", r, i)}
		}
	}
	return text, nil
}

// tokenInJSON reads one string, or the member "token" of one object. It refuses a
// second one, of which another reader could take the other.
func tokenInJSON(text string) (string, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	token, err := memberOrString(decoder)
	if err != nil {
		return "", err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", &notToken{"the input has more behind its first JSON value"}
	}
	return token, nil
}

func memberOrString(decoder *json.Decoder) (string, error) {
	malformed := &notToken{"the input begins like JSON and is none"}
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
			return "", &notToken{fmt.Sprintf("the input is a JSON object with two members %.40q", text)}
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
			return "", &notToken{`the member "token" of the input is not a string with a token`}
		}
		return token, nil
	case members["payload"] != nil:
		return "", &notToken{"the input is a JWS in JSON serialization"}
	case members["reason"] != nil && json.Unmarshal(members["reason"], &reason) == nil:
		return "", &notToken{fmt.Sprintf("the input is a refusal, %.40q, in place of a token", reason)}
	}
	return "", &notToken{`the input is a JSON object without a member "token"`}
}
