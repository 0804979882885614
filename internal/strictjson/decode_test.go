// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// fields has a field for each registered name, and for some others.
type fields struct {
	Iss, Sub, Aud, Exp, Nbf, Iat, Jti, Htm, Htu, Htq, Htd, Cnf json.RawMessage
	Alg, Typ, Kid, X5c, Ocsp, Crit, Jku, Jwk, X5u, B64         json.RawMessage

	Digest json.RawMessage `json:"x5t#S256"`
	Role   json.RawMessage `json:"role"`
	A      json.RawMessage `json:"a"`
	K      json.RawMessage `json:"k"`
	Sigma  json.RawMessage `json:"σ"`
	Ä      json.RawMessage
}

// each calls do with each field and the name that encoding/json has for it.
func (f *fields) each(do func(name string, value json.RawMessage)) {
	v := reflect.ValueOf(f).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("json")
		if name == "" {
			name = strings.ToLower(v.Type().Field(i).Name)
		}
		do(name, v.Field(i).Interface().(json.RawMessage))
	}
}

// compareDecoded holds what encoding/json decodes into a struct to what an
// accepted text says: at the top, a field for a registered name is the member of
// exactly this name; at every depth, no two members match one field.
func compareDecoded(t testing.TB, text string, registered *Registered, members []Member) {
	t.Helper()
	var top fields
	if err := json.Unmarshal([]byte(text), &top); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	top.each(func(name string, got json.RawMessage) {
		if _, ok := registered.byFolded[Fold(name)]; !ok {
			return
		}
		want := ""
		for _, m := range members {
			if m.Name == name {
				want = m.Value
			}
		}
		if string(got) != want {
			t.Fatalf("%q: %s is %q, and encoding/json decodes %q", text, name, want, got)
		}
	})
	compareFields(t, []byte(text))
}

// compareFields does the part for every depth.
func compareFields(t testing.TB, text []byte) {
	t.Helper()
	switch text[0] {
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		for _, element := range list {
			compareFields(t, element)
		}
	case '{', ' ', '\t', '\r', '\n':
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			t.Fatal(err)
		}
		var decoded fields
		if err := json.Unmarshal(text, &decoded); err != nil {
			t.Fatal(err)
		}
		decoded.each(func(field string, got json.RawMessage) {
			var matching []string
			for name, value := range object {
				if strings.EqualFold(name, field) {
					matching = append(matching, string(value))
				}
			}
			if len(matching) > 1 || len(matching) == 1 && matching[0] != string(got) {
				t.Fatalf("%q: the field %s is %q, and the members that match it are %q", text, field, got, matching)
			}
		})
		for _, value := range object {
			compareFields(t, value)
		}
	}
}
