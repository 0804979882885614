// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRead: what is there is read; what is not is the zero value or the default.
func TestRead(t *testing.T) {
	t.Parallel()
	doc, m := Read("c.yaml", []byte("# a comment\ntext: a b\nnumber: 0\nno: false\nwait: 90s\ninside: {text: \"10\"}\nlist:\n  - text: x\n  - text: 'y'\n"),
		"text", "number", "no", "wait", "inside", "list", "absent")
	inside := m.Mapping("inside", "text")
	list := m.List("list", "text")
	none := m.Mapping("absent", "text")
	if m.Text("text") != "a b" || m.Required("number", "1") != "0" || m.Bool("no", true) || !m.Bool("absent", true) ||
		m.Duration("wait", time.Second) != 90*time.Second || m.Duration("absent", time.Second) != 0 ||
		inside.Text("text") != "10" || len(list) != 2 || list[1].Text("text") != "y" || none.Text("text") != "" || none.Has("text") ||
		m.List("absent", "text") != nil || m.Has("absent") || !m.Has("no") {
		t.Errorf("text %q, inside %q, list %d", m.Text("text"), inside.Text("text"), len(list))
	}
	if err := doc.Err(); err != nil {
		t.Error(err)
	}
	if at := list[1].At("text"); at != "c.yaml:9: text" {
		t.Errorf("At is %s", at)
	}
	if at := inside.At("missing"); at != "c.yaml:6: missing" {
		t.Errorf("At of what is not there is %s", at)
	}
	if keys := m.Keys(); !slices.Equal(keys, []string{"text", "number", "no", "wait", "inside", "list"}) {
		t.Errorf("keys %v", keys)
	}
}

// TestFirstErrorStays: later reads return zero values and report nothing else.
func TestFirstErrorStays(t *testing.T) {
	t.Parallel()
	doc, m := Read("c.yaml", []byte("text: [1]\nwait: later\n"), "text", "wait")
	if m.Text("text") != "" || m.Duration("wait", time.Second) != 0 || m.Text("wait") != "" || len(m.List("wait", "x")) > 0 || m.Mapping("wait", "x").Has("x") {
		t.Error("something is read after an error")
	}
	if err := doc.Err(); err == nil || err.Error() != "c.yaml:1: text: must be one value, not a list or a mapping" {
		t.Errorf("got %v", err)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"an alias in a list", "list:\n  - &a {text: x}\n  - *a\n", "c.yaml:3: list: anchors and aliases are not supported"},
		{"an alias for a value", "text: &a x\nother: *a\n", "c.yaml:1: text: anchors and aliases are not supported"},
		{"a merge", "<<: {text: x}\n", `c.yaml:1: unknown key "<<"`},
		{"a key that is a list", "[a, b]: x\n", "c.yaml:1: a key must be a word: write one of text, other, list"},
		{"null", "text: null\n", "c.yaml:1: text has no value"},
		{"a tilde", "text: ~\n", "c.yaml:1: text has no value"},
		{"an empty mapping", "list: {}\n", "c.yaml:1: list has no value"},
		{"a word in a list", "list: [x]\n", "c.yaml:1: an element of list must be a mapping: write the keys text below it"},
		{"two lines", "text: |\n  a\n  b\n", "c.yaml:1: text: must be one line"},
		{"a tab", "list:\n\t- text: x\n", "c.yaml:2: the line begins with a tab, which YAML does not permit: use spaces"},
		{"not UTF-8", "text: \xff\n", "c.yaml:1: this is not YAML: "},
		{"a third document", "text: x\n---\ntext: x\n---\ntext: x\n", "c.yaml:2: a second document"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			doc, m := Read("c.yaml", []byte(row.text), "text", "other", "list")
			m.Text("text")
			m.List("list", "text")
			if err := doc.Err(); err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}

func TestIsTypo(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		typed, known string
		want         bool
	}{
		{"adress", "address", true}, {"addresss", "address", true}, {"addrses", "address", true}, {"addreaa", "address", false},
		{"State-Dir", "state_dir", true}, {"stateDir", "state_dir", true}, {"pole", "poll", true}, {"pol", "poll", true}, {"url", "file", false}, {"crl", "url", false}, {"", "url", false},
	} {
		if got := isTypo(row.typed, row.known); got != row.want {
			t.Errorf("isTypo(%q, %q) = %t", row.typed, row.known, got)
		}
	}
}

// FuzzRead: whatever the file is, reading ends without a panic, and an error is
// one line that begins with the place.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"", "text: x", "a: &a [*a]", "list: [{text: x}]", "list:\n- text:\n", "---\n---\n", "? [a]\n: b", "text: !!binary aGk=", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, m := Read("c.yaml", []byte(text), "text", "list", "inside")
		m.Text("text")
		m.Bool("text", true)
		m.Duration("text", time.Second)
		m.Mapping("inside", "text").Required("text", "x")
		for _, element := range m.List("list", "text") {
			element.Text("text")
		}
		if err := doc.Err(); err != nil && (!strings.HasPrefix(err.Error(), "c.yaml:") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
