// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/strictjson/strictjsontest"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestJSON(t *testing.T) {
	for _, c := range strictjsontest.Texts {
		t.Run(c.Name, func(t *testing.T) {
			_, err := ParseObject(c.Text, nil)
			if accepted := err == nil; accepted != c.Accepted {
				t.Fatalf("accepted is %t: %v", accepted, err)
			}
			compareWithEncodingJSON(t, c.Text)
			// Nor is any part of it taken for the whole.
			for i := range c.Text {
				compareWithEncodingJSON(t, c.Text[:i])
				compareWithEncodingJSON(t, c.Text[i:])
			}
		})
	}
}

// TestFold proves fold for names of any length, since both it and
// strings.EqualFold go rune by rune.
func TestFold(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		name := string(r)
		folded := Fold(name)
		if !strings.EqualFold(name, folded) || Fold(folded) != folded || utf8.RuneCountInString(folded) != 1 {
			t.Fatalf("%q is folded to %q", name, folded)
		}
		if other := string(unicode.SimpleFold(r)); Fold(other) != folded {
			t.Fatalf("%q is folded to %q, and %q to %q", name, folded, other, Fold(other))
		}
	}
	if name := strings.Repeat("name", 20); testing.AllocsPerRun(10, func() { Fold(name) }) != 0 {
		t.Error("a name in lower case is copied")
	}
}

// FuzzJSON looks for a text that ParseObject and encoding/json read differently.
func FuzzJSON(f *testing.F) {
	for _, c := range strictjsontest.Texts {
		f.Add([]byte(c.Text))
	}
	for _, segment := range strings.Split(testca.New().Intermediate().Leaf().Token(), ".")[:2] {
		text, err := base64.RawURLEncoding.DecodeString(segment)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	if len(strictjsontest.Texts) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		compareWithEncodingJSON(t, string(bytes.Clone(text)))
	})
}
