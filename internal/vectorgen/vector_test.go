// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
)

// vectorsDir is where the published files are.
const vectorsDir = "../../testdata/vectors"

// TestVectorsAreGenerated makes all vectors again, and holds them against the
// files byte by byte.
func TestVectorsAreGenerated(t *testing.T) {
	ring, err := catalogue.LoadKeys(filepath.Join(vectorsDir, catalogue.KeysFile))
	if err != nil {
		t.Fatal(err)
	}
	files := generate(ring)
	files[catalogue.KeysFile] = ring.Encode()
	total := 0
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(vectorsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes: run go generate ./internal/vectorgen", name)
		}
		total += len(want)
	}
	present, err := filepath.Glob(filepath.Join(vectorsDir, "*.json"))
	if err != nil || len(present) != len(files) {
		t.Errorf("%d files of vectors, and the generator makes %d: %v", len(present), len(files), err)
	}
	if total > 6<<20 {
		t.Errorf("%d bytes of vectors, more than a repository should carry", total)
	}
}

// TestVectorsCoverFormat fails if a reason or a rule of docs/format.md has no
// case, if a case names a rule that does not exist, or if a reason contradicts
// the rules of its case.
func TestVectorsCoverFormat(t *testing.T) {
	text, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := make(map[string][]string) // the reasons of each rule
	cases := make(map[string]int)
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+) \|.*\| ([^|]*) \|[^|]*\|$`).FindAllStringSubmatch(string(text), -1) {
		for _, reason := range strings.Split(row[2], ",") {
			rules[row[1]] = append(rules[row[1]], strings.Trim(reason, " `"))
		}
	}
	if len(rules) < 40 {
		t.Fatalf("found %d rules only", len(rules))
	}
	names, count := make(map[string]bool), 0
	readAll(t).each(func(file string, v *vector) {
		if names[v.Name] {
			t.Errorf("two cases are named %s", v.Name)
		}
		names[v.Name] = true
		if (v.Step == nil) == (len(v.Steps) == 0) || len(v.Rules) == 0 {
			t.Errorf("%s: %d rules, %d steps", v.Name, len(v.Rules), len(v.Steps))
		}
		var allowed []string
		for _, rule := range v.Rules {
			if rules[rule] == nil {
				t.Errorf("%s: there is no rule %s", v.Name, rule)
			}
			cases[rule]++
			allowed = append(allowed, rules[rule]...)
		}
		for _, s := range v.all() {
			count++
			cases[cmp.Or(string(s.Reason), accepted)]++
			if s.Reason != "" && !slices.Contains(allowed, string(s.Reason)) {
				t.Errorf("%s: no rule of %v has the reason %s", v.Name, v.Rules, s.Reason)
			}
		}
	})
	for rule := range rules {
		if cases[rule] == 0 {
			t.Errorf("no case is about rule %s", rule)
		}
	}
	for _, reason := range stapled.Reasons() {
		if cases[string(reason)] == 0 {
			t.Errorf("no case has the reason %s", reason)
		}
	}
	t.Logf("%d cases, %d steps, %d of them accepted; %d rules, %d reasons", len(names), count, cases[accepted], len(rules), len(stapled.Reasons()))
}

// TestVectorsReadme holds the description of the files against what is in
// them: whoever implements the format reads nothing else.
func TestVectorsReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(vectorsDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(vectorsDir, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if !bytes.Contains(text, []byte("| `"+name+"` |")) {
			t.Errorf("%s is not described", name)
		}
		var content any
		if err := readJSON(name, &content); err != nil {
			t.Fatal(err)
		}
		for member := range members(content) {
			if !bytes.Contains(text, []byte("`"+member+"`")) {
				t.Errorf("%s: member %q is not described", name, member)
			}
		}
	}
}

// members are the names of the members of all objects in a value.
func members(value any) map[string]bool {
	found := make(map[string]bool)
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			found[name] = true
			if name != "scopes" { // its members are names of anchors
				maps.Copy(found, members(inner))
			}
		}
	case []any:
		for _, inner := range value {
			maps.Copy(found, members(inner))
		}
	}
	return found
}
