// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/strictjson"
)

// reserved are the claims that the issuer sets. Every token has all of them
// except sub, which is a field of [Claims].
var reserved = []string{"iss", "sub", "aud", "iat", "nbf", "exp", "jti"}

// bindings are the claims by which verifiers compare a token with its sender
// (rule 7.9 of docs/format.md). cnf is a field of [Claims]; no verifier is given
// what the others bind to, so that it rejects them.
var bindings = []string{"cnf", "htm", "htu", "htq", "htd"}

// encodeExtra returns the members of the object that v encodes to, without its
// braces. It refuses what verifiers would refuse next to the issuer's own
// claims.
func encodeExtra(v any, hasSubject, hasPeer bool) ([]byte, error) {
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
		return nil, fmt.Errorf("extra claims: %T is not a JSON object", v)
	}
	// json.Marshal passes through what a json.RawMessage or a MarshalJSON
	// method wrote.
	members, err := strictjson.ParseObject(string(text), strictjson.Claims, nil)
	if err != nil {
		return nil, fmt.Errorf("extra claims: %w", err)
	}
	for _, m := range members {
		if slices.Contains(reserved, m.Name) {
			return nil, fmt.Errorf("extra claims: %.40q is for the issuer to set", m.Name)
		}
		if slices.Contains(bindings, m.Name) {
			return nil, fmt.Errorf("extra claims: %q binds a token; use Claims.Peer, which sets cnf, or another name", m.Name)
		}
	}
	extra := text[1 : len(text)-1]
	if len(members) == 0 {
		return extra, nil
	}
	// The limit of members is for all objects of the payload together.
	payload := `{"iss":0,"aud":0,"iat":0,"nbf":0,"exp":0,"jti":0,`
	if hasSubject {
		payload += `"sub":0,`
	}
	if hasPeer {
		payload += `"cnf":{"` + strictjson.Confirmation + `":0},`
	}
	if _, err := strictjson.ParseObject(payload+string(extra)+"}", strictjson.Claims, nil); err != nil {
		return nil, fmt.Errorf("extra claims beside those of the issuer: %w", err)
	}
	return extra, nil
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
// escapes; encoding/json handles the rest.
func appendString(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // a string cannot fail
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
