// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Key is one key of a JSON text.
type Key struct {
	// Path is the path to the key: a.b, or a[].b for the elements of an array. A
	// dot in a name is escaped with a backslash.
	Path string
	// Name is the key itself, and Depth the number of objects around it.
	Name  string
	Depth int
	// Line is its line number, starting at 1.
	Line int
	// Null and Empty describe its value: null; and null, false, 0, "", [] or {}.
	Null, Empty bool
	// Twice reports whether the same object already had the key.
	Twice bool
}

// SyntaxError reports that a text is not JSON, and where.
type SyntaxError struct {
	Line int
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

var errNoObject = errors.New("this is not a JSON object")

// Keys returns the keys of the object at the start of a text, at every depth
// and in order, and where the object ends.
func Keys(data []byte) (keys []Key, end int, err error) {
	// Read the whole value first: from here on it is well-formed, and not too deep.
	whole := json.NewDecoder(bytes.NewReader(data))
	if err := whole.Decode(new(json.RawMessage)); err != nil {
		line := lineAt(data, len(data))
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			line = lineAt(data, int(syntax.Offset)-1)
		}
		return nil, 0, &SyntaxError{Line: line, Err: err}
	}
	w := walker{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	w.decoder.UseNumber()
	token, err := w.decoder.Token()
	if err != nil {
		return nil, 0, err
	}
	if token != json.Delim('{') {
		return nil, 0, errNoObject
	}
	if err := w.object(""); err != nil {
		return nil, 0, err
	}
	return w.keys, int(whole.InputOffset()), nil
}

type walker struct {
	data    []byte
	decoder *json.Decoder
	keys    []Key
	depth   int
}

// object reads up to the closing brace.
func (w *walker) object(prefix string) error {
	w.depth++
	defer func() { w.depth-- }()
	seen := make(map[string]bool)
	for w.decoder.More() {
		token, err := w.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a key is a string
		path := prefix + strings.ReplaceAll(name, ".", `\.`)
		i := len(w.keys)
		w.keys = append(w.keys, Key{
			Path: path, Name: name, Depth: w.depth,
			Line: lineAt(w.data, int(w.decoder.InputOffset())-1), Twice: seen[name],
		})
		seen[name] = true
		null, empty, err := w.value(path)
		if err != nil {
			return err
		}
		w.keys[i].Null, w.keys[i].Empty = null, empty
	}
	_, err := w.decoder.Token()
	return err
}

func (w *walker) value(path string) (null, empty bool, err error) {
	token, err := w.decoder.Token()
	if err != nil {
		return false, false, err
	}
	switch token {
	case json.Delim('{'):
		empty = !w.decoder.More()
		return false, empty, w.object(path + ".")
	case json.Delim('['):
		empty = !w.decoder.More()
		for w.decoder.More() {
			if _, _, err := w.value(path + "[]"); err != nil {
				return false, false, err
			}
		}
		_, err := w.decoder.Token()
		return false, empty, err
	case nil:
		return true, true, nil
	}
	return false, token == "" || token == false || token == json.Number("0"), nil
}

// lineAt returns the line of an offset, starting at 1.
func lineAt(data []byte, offset int) int {
	return 1 + bytes.Count(data[:max(0, min(offset, len(data)))], []byte("\n"))
}
