// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type example struct {
	Address string    `json:"address" example:"\"127.0.0.1:80\""`
	Count   int       `json:"count,omitempty" example:"3"`
	Until   time.Time `json:"until,omitzero" example:"\"2026-12-01T12:00:00Z\""`
}

// Check implements Checker.
func (e *example) Check() (string, error) {
	if e.Count < 0 {
		return "count", errors.New("-1 is negative")
	}
	return "", nil
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		want       example
		says       string // "" if it is accepted
	}{
		{"all", `{"address": "a:1", "count": 2, "until": "2026-01-02T03:04:05Z"}`, example{"a:1", 2, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, ""},
		{"the required one", "\n{\"address\": \"a:1\"}\n\n", example{Address: "a:1"}, ""},
		{"unknown key", "{\n\"address\": \"a:1\",\n\"cuont\": 2}", example{}, `f.json:3: unknown key "cuont"; the keys are "address", "count", "until"`},
		{"key in another case", `{"Address": "a:1"}`, example{}, `f.json:1: unknown key "Address"`},
		{"key with a dot", `{"address": "a:1", "count.x": 1}`, example{Address: "a:1"}, `f.json:1: unknown key "count.x"`},
		{"key twice", "{\"address\": \"a:1\",\n\"address\": \"b:1\"}", example{}, `f.json:2: key "address" occurs twice; remove one of them`},
		{"key missing", "{\n\"count\": 2\n}", example{}, `f.json:3: key "address" is missing; write, for example, "address": "127.0.0.1:80"`},
		{"empty object", `{}`, example{}, `key "address" is missing`},
		{"null", `{"address": null}`, example{}, `f.json:1: key "address" is null; write, for example, "address": "127.0.0.1:80"`},
		{"number for a string", "{\n\"address\": 80}", example{}, `f.json:2: key "address" is a JSON number; write, for example, "address": "127.0.0.1:80"`},
		{"object for a string", `{"address": {"host": "a"}}`, example{}, `f.json:1: key "address" is a JSON object; write, for example, "address": "127.0.0.1:80"`},
		{"string for a number", `{"address": "a:1", "count": "2"}`, example{}, `key "count" is a JSON string; write, for example, "count": 3`},
		{"value against its rule", "{\"address\": \"a:1\",\n\"count\": -1}", example{}, `f.json:2: key "count": -1 is negative; write, for example, "count": 3`},
		{"no time", `{"address": "a:1", "until": "noon"}`, example{}, `f.json:1: `},
		{"no object", `["address"]`, example{}, `f.json:1: this is not a JSON object; write, for example, {"address": "127.0.0.1:80"}`},
		{"no JSON", "{\n\"address\": \"a:1\",\n}", example{}, `f.json:3: this is not JSON (`},
		{"broken off", "{\n\"address\": ", example{}, `f.json:2: this is not JSON (`},
		{"no UTF-8", "{\"address\": \"\xff\"}", example{}, `this is not UTF-8`},
		{"empty file", ``, example{}, `f.json:1: this is not JSON (`},
		{"a second object", "{\"address\": \"a:1\"}\n{}", example{}, `f.json:2: there is something after the closing brace; remove it`},
		{"a second brace", `{"address": "a:1"}}`, example{}, `f.json:1: there is something after the closing brace; remove it`},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got example
			err := Decode("f.json", []byte(row.text), &got)
			if row.says == "" {
				if err != nil || got != row.want {
					t.Errorf("got %+v, %v; want %+v", got, err, row.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line that says %q", err, row.says)
			}
		})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f.json")
	var got example
	if err := Read(name, &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
	if err := os.WriteFile(name, []byte(Example(&got)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Read(name, &got); err != nil || got.Address != "127.0.0.1:80" {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := os.WriteFile(name, []byte(strings.Repeat(" ", maxSize+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Read(name, &got); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a file without end: got %v", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	keys, end, err := Keys([]byte("{\"a\": [{\"b\": 1},\n{\"b\": 0, \"c\": {\"d.e\": null}}],\n\"a\": \"\"} trailing"))
	if err != nil || end != 56 {
		t.Fatalf("end %d, %v", end, err)
	}
	want := []Key{
		{Path: "a", Name: "a", Depth: 1, Line: 1},
		{Path: "a[].b", Name: "b", Depth: 2, Line: 1},
		{Path: "a[].b", Name: "b", Depth: 2, Line: 2, Empty: true},
		{Path: `a[].c`, Name: "c", Depth: 2, Line: 2},
		{Path: `a[].c.d\.e`, Name: "d.e", Depth: 3, Line: 2, Null: true, Empty: true},
		{Path: "a", Name: "a", Depth: 1, Line: 3, Empty: true, Twice: true},
	}
	if len(keys) != len(want) {
		t.Fatalf("got %+v", keys)
	}
	for i := range want {
		if keys[i] != want[i] {
			t.Errorf("got %+v, want %+v", keys[i], want[i])
		}
	}
}
