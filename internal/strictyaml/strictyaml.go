// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package strictyaml reads configuration files in YAML. It returns an error,
// with the file, the line and what to write instead, where a lenient reader
// stays silent: an unknown key, a repeated key, a key without a value, a value
// of another type, a second document. Otherwise a mistyped key would leave its
// setting at the default, and nobody would know.
//
// A Document remembers its first error, and every later read returns the zero
// value. So a reader reads all keys, and asks for Document.Err at the end.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// Document is a file that is being read.
type Document struct {
	name string
	err  error
}

// Err returns the first error; nil if there was none.
func (d *Document) Err() error { return d.err }

func (d *Document) fail(line int, format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%s:%d: %w", d.name, line, fmt.Errorf(format, args...))
	}
}

// Mapping is a YAML mapping.
type Mapping struct {
	doc    *Document
	line   int
	keys   map[string]*yaml.Node
	values map[string]*yaml.Node
}

// Read reads a text that has one document, a mapping with these keys. Errors
// use the name.
func Read(name string, data []byte, known ...string) (*Document, *Mapping) {
	d := &Document{name: name}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	err := decoder.Decode(&root)
	switch {
	case errors.Is(err, io.EOF), err == nil && len(root.Content) == 0:
		d.fail(1, "the file is empty: write the keys %s", list(known))
	case err != nil:
		d.syntax(data, err)
	case !errors.Is(decoder.Decode(&more), io.EOF):
		line := max(more.Line, root.Line)
		d.fail(line, "a second document: keep one, without --- lines inside it")
	default:
		return d, d.mapping(root.Content[0], "the file", known)
	}
	return d, d.none(1)
}

// syntax reports what the parser says, in the form of other errors. About a tab
// it says that a character cannot start a token, or that a key is missing.
func (d *Document) syntax(data []byte, err error) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]; bytes.IndexByte(indent, '\t') >= 0 {
			d.fail(number, "the line begins with a tab, which YAML does not permit: use spaces")
			return
		}
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if n, rest, ok := strings.Cut(text, ": "); ok {
		if _, err := fmt.Sscanf(n, "line %d", &line); err == nil {
			text = rest
			if strings.HasPrefix(text, "did not find expected ','") {
				line++ // the parser counts these from 0
			}
		}
	}
	if strings.Contains(text, "did not find expected ','") || strings.Contains(text, "mapping values are not allowed") {
		text += `: quote values that contain ": " or commas`
	}
	d.fail(line, "this is not YAML: %s", text)
}

// none is a mapping without keys, for what follows an error.
func (d *Document) none(line int) *Mapping {
	return &Mapping{doc: d, line: line}
}

func (d *Document) mapping(node *yaml.Node, what string, known []string) *Mapping {
	m := d.none(node.Line)
	if node.Kind != yaml.MappingNode {
		d.fail(node.Line, "%s must be a mapping: write the keys %s below it", what, list(known))
		return m
	}
	m.keys, m.values = make(map[string]*yaml.Node), make(map[string]*yaml.Node)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.fail(key.Line, "a key must be a word: write one of %s", list(known))
		case !slices.Contains(known, key.Value):
			d.unknown(key, known)
		case m.values[key.Value] != nil:
			d.fail(key.Line, "%s is already in line %d: remove one of them", key.Value, m.keys[key.Value].Line)
		case value.Kind == yaml.AliasNode, value.Anchor != "":
			d.fail(value.Line, "%s: anchors and aliases are not supported: write the value itself", key.Value)
		case isEmpty(value):
			d.fail(key.Line, "%s has no value: write one, or remove the line", key.Value)
		}
		m.keys[key.Value], m.values[key.Value] = key, value
	}
	return m
}

// isEmpty reports whether nothing was written. A false and a 0 are something.
func isEmpty(node *yaml.Node) bool {
	if node.Kind == yaml.ScalarNode {
		return node.Tag == "!!null" || node.Value == ""
	}
	return len(node.Content) == 0
}

func (d *Document) unknown(key *yaml.Node, known []string) {
	for _, k := range known {
		if isTypo(key.Value, k) {
			d.fail(key.Line, "unknown key %q: write %s", key.Value, k)
			return
		}
	}
	d.fail(key.Line, "unknown key %q: the keys here are %s", key.Value, list(known))
}

// isTypo reports whether one word is the other, mistyped: in another case or
// with other separators, or with one letter missing, added, changed, or swapped
// with the next.
func isTypo(typed, known string) bool {
	fold := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	a, b := fold(typed), fold(known)
	if a == b {
		return true
	}
	if max(len(a), len(b)) < 4 {
		return false // most short words are one letter from another
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

func list(known []string) string { return strings.Join(known, ", ") }

// Has reports whether the key is there.
func (m *Mapping) Has(key string) bool { return m.values[key] != nil }

// At returns FILE:LINE: KEY, for errors about a value that come later.
func (m *Mapping) At(key string) string {
	return fmt.Sprintf("%s:%d: %s", m.doc.name, m.lineOf(key), key)
}

// IsMapping reports whether the value of a key is a mapping, not short for one.
func (m *Mapping) IsMapping(key string) bool {
	return m.values[key] != nil && m.values[key].Kind == yaml.MappingNode
}

// Place returns FILE:LINE of the mapping.
func (m *Mapping) Place() string { return fmt.Sprintf("%s:%d", m.doc.name, m.line) }

func (m *Mapping) lineOf(key string) int {
	if node := m.keys[key]; node != nil {
		return node.Line
	}
	return m.line
}

// Fail reports what is wrong with the value of a key, or that it is missing.
func (m *Mapping) Fail(key, format string, args ...any) {
	m.doc.fail(m.lineOf(key), "%s: %w", key, fmt.Errorf(format, args...))
}

// Text returns a value that is one line of text; "" if the key is not there.
func (m *Mapping) Text(key string) string {
	node := m.values[key]
	switch {
	case node == nil || m.doc.err != nil:
		return ""
	case node.Kind != yaml.ScalarNode:
		m.Fail(key, "must be one value, not a list or a mapping")
		return ""
	case strings.ContainsAny(node.Value, "\n\x00"):
		m.Fail(key, "must be one line")
		return ""
	}
	return node.Value
}

// Required is Text for a key that must be there; the example is for the error.
func (m *Mapping) Required(key, example string) string {
	if !m.Has(key) {
		m.Fail(key, "is missing: write %s: %s", key, example)
	}
	return m.Text(key)
}

// Bool returns the value of a key, or a default if it is not there.
func (m *Mapping) Bool(key string, standard bool) bool {
	switch text := m.Text(key); text {
	case "true":
		return true
	case "false":
		return false
	case "":
		return standard
	default:
		m.Fail(key, "%q must be true or false", text)
		return false
	}
}

// Duration returns the value of a key, at least the least; 0 if it is not there.
func (m *Mapping) Duration(key string, least time.Duration) time.Duration {
	text := m.Text(key)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		m.Fail(key, "%q is not a duration: write a number with its unit, such as 90s or 10m", text)
		return 0
	case d < least:
		m.Fail(key, "%s is too short: write %s or more", text, timetext.Duration(least))
		return 0
	}
	return d
}

// Mapping returns the mapping below a key. If the key is not there, the result
// has no keys.
func (m *Mapping) Mapping(key string, known ...string) *Mapping {
	node := m.values[key]
	if node == nil || m.doc.err != nil {
		return m.doc.none(m.line)
	}
	return m.doc.mapping(node, key, known)
}

// List returns the mappings of the list below a key, each with these keys.
func (m *Mapping) List(key string, known ...string) []*Mapping {
	node := m.values[key]
	if node == nil || m.doc.err != nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		m.Fail(key, "must be a list: begin each element with \"- \"")
		return nil
	}
	var all []*Mapping
	for _, element := range node.Content {
		if element.Kind == yaml.AliasNode {
			m.doc.fail(element.Line, "%s: anchors and aliases are not supported: write the value itself", key)
			return nil
		}
		all = append(all, m.doc.mapping(element, "an element of "+key, known))
	}
	return all
}

// Keys returns the keys that are there, in order.
func (m *Mapping) Keys() []string {
	keys := slices.Collect(maps.Keys(m.keys))
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(m.keys[a].Line-m.keys[b].Line, m.keys[a].Column-m.keys[b].Column)
	})
	return keys
}
