// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// compareWithEncodingJSON holds ParseObject to accepting what encoding/json
// accepts and our further rules permit, no less and no more, and to reading the
// same from it.
func compareWithEncodingJSON(t testing.TB, text string) {
	t.Helper()
	for _, registered := range []*Registered{Header, Claims} {
		compareReading(t, text, registered)
	}
}

func compareReading(t testing.TB, text string, registered *Registered) {
	t.Helper()
	members, err := ParseObject(text, registered, nil)
	valid, known := strictlyValid(text, registered)
	if accepted := err == nil; known && accepted != valid {
		t.Fatalf("%q: accepted is %t, and the reference says %t: %v", text, accepted, valid, err)
	}
	if err != nil {
		if members != nil {
			t.Fatalf("%q: members beside the error %v", text, err)
		}
		return
	}
	var want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("%q: encoding/json refuses it: %v", text, err)
	}
	if len(members) != len(want) {
		t.Fatalf("%q: %d members, and encoding/json has %d", text, len(members), len(want))
	}
	for _, m := range members {
		value, ok := want[m.Name]
		if !ok || string(value) != m.Value {
			t.Fatalf("%q: member %q is %s, and for encoding/json %s", text, m.Name, m.Value, value)
		}
		var s string
		if m.Value[0] == '"' {
			if err := json.Unmarshal(value, &s); err != nil {
				t.Fatal(err)
			}
			if got, err := Unquote(m.Value); err != nil || got != s {
				t.Fatalf("%s is read as %q, %v", m.Value, got, err)
			}
		} else if got, err := Unquote(m.Value); err == nil {
			t.Fatalf("%s is read as the string %q", m.Value, got)
		}
		compareStrings(t, m.Value)
	}
	compareDecoded(t, text, registered, members)
}

// compareStrings holds ParseStrings to accepting arrays of strings only.
func compareStrings(t testing.TB, value string) {
	t.Helper()
	var want []*string
	valid := json.Unmarshal([]byte(value), &want) == nil && value[0] == '[' && !slices.Contains(want, nil)
	const limit = 5
	got, err := ParseStrings(value, nil, limit)
	if accepted := err == nil; accepted != (valid && len(want) <= limit) {
		t.Fatalf("%s: accepted is %t: %v", value, accepted, err)
	}
	if err != nil {
		return
	}
	for i := range want {
		if len(got) != len(want) || got[i] != *want[i] {
			t.Fatalf("%s is read as %q", value, got)
		}
	}
}

// strictlyValid decides by encoding/json, and by its tokens, whether a text is
// one that ParseObject should accept. It does not know where U+FFFD stands,
// because encoding/json puts that in the place of a lone surrogate.
func strictlyValid(text string, registered *Registered) (valid, known bool) {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		return false, true
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	type level struct {
		object, value bool // value: a name was read
		names         []string
	}
	var levels []*level
	var replaced bool
	members, elements, nameBytes := 0, 0, 0
	for first := true; ; first = false {
		before := d.InputOffset()
		token, err := d.Token()
		if err == io.EOF {
			return true, !replaced
		}
		if err != nil {
			return false, true
		}
		s, isString := token.(string)
		replaced = replaced || isString && strings.ContainsRune(s, utf8.RuneError)
		if first && token != json.Delim('{') {
			return false, true
		}
		if len(levels) > 0 {
			in := levels[len(levels)-1]
			if in.object && !in.value && isString {
				same := func(name string) bool { return strings.EqualFold(name, s) || Fold(name) == Fold(s) }
				if slices.ContainsFunc(in.names, same) || members == MaxMembers {
					return false, !replaced
				}
				members++
				written := strings.TrimLeft(text[before:d.InputOffset()], " \t\r\n,")
				if nameBytes += len(written) - 2; nameBytes > MaxNameBytes {
					return false, !replaced
				}
				for _, name := range registered.byFolded {
					if len(levels) == 1 && same(name) && name != s {
						return false, !replaced
					}
				}
				in.names, in.value = append(in.names, s), true
				continue
			}
			in.value = false
			if _, end := token.(json.Delim); !in.object && (!end || token == json.Delim('{') || token == json.Delim('[')) {
				if elements++; elements > MaxElements {
					return false, true
				}
			}
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			levels = append(levels, &level{object: token == json.Delim('{')})
			if len(levels) > MaxDepth {
				return false, true
			}
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
	}
}
