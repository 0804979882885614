// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package strictfile reads configuration files in JSON. It returns an error,
// with the file, the line and what to write instead, where encoding/json stays
// silent: an unknown key, a key in another case, a repeated key, null, a
// missing key, data after the object. Otherwise a mistyped key would leave its
// setting at the zero value, and an empty address listens everywhere.
package strictfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxSize is far more than any settings file has.
const maxSize = 1 << 20

// Read decodes a file into a pointer to a flat struct. Every field needs a json
// tag; it is required unless the tag has omitempty or omitzero. The tag example
// holds a value as written in the file, for errors. Read returns file system
// errors unchanged.
func Read(name string, into any) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return err
	}
	if len(data) > maxSize {
		return fmt.Errorf("%s: the file has more than %d bytes", name, maxSize)
	}
	return Decode(name, data, into)
}

// Decode is Read for data already in memory. Errors use the name.
func Decode(name string, data []byte, into any) error {
	fields := fieldsOf(into)
	at := func(line int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %w", name, line, fmt.Errorf(format, args...))
	}
	// 1. It is JSON, one object, and nothing after it.
	if !utf8.Valid(data) {
		return at(1, "this is not UTF-8; write %s", exampleOf(fields))
	}
	keys, rest, err := Keys(data)
	var syntax *SyntaxError
	switch {
	case errors.As(err, &syntax):
		return at(syntax.Line, "this is not JSON (%w); write, for example, %s", syntax.Err, exampleOf(fields))
	case err != nil:
		return at(1, "%w; write, for example, %s", err, exampleOf(fields))
	case len(bytes.TrimSpace(data[rest:])) > 0:
		start := rest + len(data[rest:]) - len(bytes.TrimLeft(data[rest:], " \t\r\n"))
		return at(lineAt(data, start), "there is something after the closing brace; remove it")
	}
	// 2. Every key is known, has a value, and occurs once.
	found := make(map[string]Key)
	for _, key := range keys {
		if key.Depth > 1 {
			continue // step 4 checks the type of the value
		}
		field, known := fields.named(key.Name)
		switch {
		case !known:
			return at(key.Line, "unknown key %q; the keys are %s", key.Name, fields.names())
		case key.Twice:
			return at(key.Line, "key %q occurs twice; remove one of them", key.Name)
		case key.Null:
			return at(key.Line, "key %q is null; write, for example, %s", key.Name, field.line())
		}
		found[key.Name] = key
	}
	// 3. No required key is missing.
	for _, field := range fields {
		if _, ok := found[field.name]; !ok && field.required {
			return at(lineAt(data, rest-1), "key %q is missing; write, for example, %s", field.name, field.line())
		}
	}
	// 4. Every value has its type.
	err = json.Unmarshal(data, into)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if field, ok := fields.named(wrong.Field); ok {
			return at(found[field.name].Line, "key %q is a JSON %s; write, for example, %s", field.name, wrong.Value, field.line())
		}
	}
	if err != nil {
		return at(1, "%w; write, for example, %s", err, exampleOf(fields))
	}
	// 5. The struct itself accepts the values.
	if checker, ok := into.(Checker); ok {
		if name, err := checker.Check(); err != nil {
			field, _ := fields.named(name)
			return at(found[name].Line, "key %q: %w; write, for example, %s", name, err, field.line())
		}
	}
	return nil
}

// Checker is implemented by a struct with its own rules for values. Check names
// the key whose value breaks one.
type Checker interface {
	Check() (key string, err error)
}

type field struct {
	name, example string
	required      bool
}

func (f field) line() string { return fmt.Sprintf("%q: %s", f.name, f.example) }

type fieldList []field

func fieldsOf(into any) fieldList {
	t := reflect.TypeOf(into).Elem()
	var fields fieldList
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields = append(fields, field{name, t.Field(i).Tag.Get("example"), !strings.Contains(options, "omit")})
	}
	return fields
}

func (l fieldList) named(name string) (field, bool) {
	for _, f := range l {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (l fieldList) names() string {
	var quoted []string
	for _, f := range l {
		quoted = append(quoted, fmt.Sprintf("%q", f.name))
	}
	return strings.Join(quoted, ", ")
}

// exampleOf returns a file that has every required key.
func exampleOf(fields fieldList) string {
	var lines []string
	for _, f := range fields {
		if f.required {
			lines = append(lines, f.line())
		}
	}
	return "{" + strings.Join(lines, ", ") + "}"
}

// Example returns a file that Read accepts, for errors about a missing file.
func Example(of any) string { return exampleOf(fieldsOf(of)) }
