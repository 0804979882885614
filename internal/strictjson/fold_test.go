// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestFold proves Fold for names of any length, since it goes rune by rune.
func TestFold(t *testing.T) {
	mappings := sha256.New()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		name := string(r)
		folded := Fold(name)
		if Fold(folded) != folded || utf8.RuneCountInString(folded) != 1 || len(folded) > len(name) {
			t.Fatalf("%+q is folded to %+q", name, folded)
		}
		if folded != name {
			fmt.Fprintf(mappings, "%X %X\n", r, []rune(folded)[0])
		}
		// encoding/json reads names that package unicode folds to each other as one.
		// Unicode 17.0.0 knows of more than earlier versions, and rule 1.4 of no more
		// than that.
		other := string(unicode.SimpleFold(r))
		if Fold(other) != folded {
			t.Errorf("%+q and %+q are the same to encoding/json with Unicode %s, and not to rule 1.4", name, other, unicode.Version)
		}
		if unicode.Version == "17.0.0" && !strings.EqualFold(name, folded) {
			t.Errorf("%+q is folded to %+q", name, folded)
		}
	}
	// The same with any Go release: C and S of CaseFolding.txt of Unicode 17.0.0.
	const want = "4b1bf8e25712984836f02c1dc8947cd2927d87c077164a46d454b6e1f015c497"
	if got := hex.EncodeToString(mappings.Sum(nil)); got != want {
		t.Errorf("the mappings have the digest %s", got)
	}
	if name := strings.Repeat("name", 20); testing.AllocsPerRun(10, func() { Fold(name) }) != 0 {
		t.Error("a name in lower case is copied")
	}
}

func TestNamesThatFold(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"sub", "SUB", true},
		{"sub", "\u017fub", true},
		{"kid", "\u212aid", true},
		{"\u00e5", "\u212b", true},         // the Angstrom sign
		{"\u03c3", "\u03c2", true},         // sigmas
		{"\u03b9", "\u0345", true},         // iota, and the one below letters
		{"\u00df", "\u1e9e", true},         // sharp s
		{"\u13a0", "\uab70", true},         // Cherokee, whose capitals are the folded ones
		{"\U00010400", "\U00010428", true}, // Deseret
		{"\u0390", "\u1fd3", true},         // since Unicode 15.1
		{"\u0264", "\ua7cb", true},         // since Unicode 16.0
		{"i", "\u0131", false},             // without a dot
		{"i", "\u0130", false},             // with a dot, which folds in full and in Turkish only
		{"ss", "\u00df", false},            // in full only
		{"e\u0301", "\u00e9", false},       // nothing is normalized
		{"a", "\uff41", false},             // full width
		{"a", "\u0430", false},             // Cyrillic
	} {
		if same := Fold(row.a) == Fold(row.b); same != row.same {
			t.Errorf("%+q and %+q: %t", row.a, row.b, same)
		}
	}
}

// Names of all lengths and with a letter anywhere are looked at, eight bytes at
// a time or one.
func TestFoldedNames(t *testing.T) {
	const text = "abcdefgh01234567xyz"
	for i := range len(text) {
		for c := range 256 {
			for _, neighbor := range []byte{0x00, '@', 'A', 'Z', '[', 'a', 0x7f, 0x80, 0xff} {
				b := []byte(text)
				b[i], b[(i+1)%len(b)] = byte(c), neighbor
				s := string(b)
				want := !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || 'A' <= r && r <= 'Z' })
				if isFolded(s) != want {
					t.Fatalf("isFolded(%q) is %t", s, isFolded(s))
				}
			}
		}
	}
}
