// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"slices"
	"strings"
	"testing"
)

// TestShort: a text is short for a list of one, and for a mapping with one key.
func TestShort(t *testing.T) {
	t.Parallel()
	doc, m := Read("c.yaml", []byte("one: a\nmany: [a, b]\nfront: x:1\nlong: {text: y, other: z}\nlist:\n  - p\n  - {text: q, other: r}\n"), "one", "many", "front", "long", "list", "absent")
	list := m.ListOr("text", "list", "text", "other")
	if !slices.Equal(m.Texts("one"), []string{"a"}) || !slices.Equal(m.Texts("many"), []string{"a", "b"}) || m.Texts("absent") != nil ||
		m.MappingOr("text", "front", "text").Text("text") != "x:1" || m.MappingOr("text", "long", "text", "other").Text("other") != "z" ||
		m.MappingOr("text", "absent", "text").Has("text") || len(list) != 2 || list[0].Text("text") != "p" || list[1].Text("other") != "r" ||
		m.ListOr("text", "absent", "text") != nil {
		t.Error("something is read in another way")
	}
	if err := doc.Err(); err != nil {
		t.Error(err)
	}
	if at := list[0].At("text"); at != "c.yaml:6: text" {
		t.Errorf("At is %s", at)
	}
}

func TestShortRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"a mapping for a text", "one: {a: b}\n", "c.yaml:1: one: must be one value, or a list such as [a, b]"},
		{"a list in a list", "one:\n  - a\n  - [b]\n", "c.yaml:3: one: an element must be one value"},
		{"nothing in a list", "one: [a, ~]\n", "c.yaml:1: one: an element is empty"},
		{"twice", "one:\n  - a\n  - a\n", "c.yaml:3: one: a is there twice"},
		{"two lines", "one:\n  - |\n    a\n    b\n", "c.yaml:2: one: an element must be one line"},
		{"an anchor in a list", "one: [&a b]\n", "c.yaml:1: one: an element must be one value, without an anchor"},
		{"a list for a mapping", "front: [a]\n", "c.yaml:1: front must be a mapping"},
		{"an unknown key", "list: [{txt: a}]\n", "c.yaml:1: unknown key \"txt\": write text"},
		{"an empty element", "list: ['']\n", "c.yaml:1: list: an element is empty"},
		{"an alias", "list: [&a x, *a]\n", "c.yaml:1: list: anchors and aliases are not supported"},
		{"a text for a list", "list: a\n", "c.yaml:1: list: must be a list"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			doc, m := Read("c.yaml", []byte(row.text), "one", "front", "list")
			m.Texts("one")
			m.MappingOr("text", "front", "text")
			m.ListOr("text", "list", "text")
			if err := doc.Err(); err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}
