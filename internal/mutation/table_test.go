// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// The table fits the code: otherwise a check could leave it unnoticed.
func TestTableFitsTheCode(t *testing.T) {
	names := make(map[string]bool)
	for _, m := range mutations() {
		t.Run(m.name, func(t *testing.T) {
			if names[m.name] {
				t.Error("the name occurs twice")
			}
			names[m.name] = true
			if m.rule == "" || len(m.patterns()) == 0 {
				t.Error("names no rule, or no row")
			}
			for _, pattern := range m.patterns() {
				for _, element := range strings.Split(pattern, "/") {
					if _, err := regexp.Compile(element); err != nil {
						t.Error(err)
					}
				}
			}
			for _, pattern := range m.patterns() {
				name, _, _ := strings.Cut(pattern, "/")
				if name = strings.Trim(name, "^$"); !hasTest(t, m.tests(), name) {
					t.Errorf("%s has no %s", m.tests(), name)
				}
			}
			file, text, err := m.find(root)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
				t.Errorf("without the check: %v", err)
			}
		})
	}
}

// hasTest reports whether a package has a test of this name.
func hasTest(t *testing.T, pkg, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("\nfunc "+name+"(t *testing.T)")) {
			return true
		}
	}
	return false
}

// Every row of the catalogue is among those that a check, when it is removed,
// must turn red. A run of the whole table proves that one does.
func TestEveryForgeryIsInTheTable(t *testing.T) {
	held := make(map[string]bool)
	for _, m := range mutations() {
		if m.redundant != "" {
			continue
		}
		for _, c := range forgeries() {
			if m.rows == "" && slices.Contains(c.Rules(), m.rule) {
				held[c.Row()] = true
			}
		}
		for _, row := range regexp.MustCompile(`\b[ST][0-9]{2}_`).FindAllString(m.rows, -1) {
			held[row[:3]] = true
		}
	}
	for letter, last := range map[string]int{"S": 35, "T": 28} {
		for n := range last {
			if row := fmt.Sprintf("%s%02d", letter, n+1); !held[row] {
				t.Errorf("no check that %s proves is removed", row)
			}
		}
	}
}

var ruleRow = regexp.MustCompile(`(?m)^\| ([1-7]\.[0-9]+) \|`)

// Every rule of the specification has a check that is removed.
func TestEveryRuleIsInTheTable(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	removed := make(map[string]bool)
	for _, m := range mutations() {
		if m.redundant == "" {
			removed[m.rule] = true
		}
	}
	rules := ruleRow.FindAllSubmatch(text, -1)
	if len(rules) < 40 {
		t.Fatalf("docs/format.md has only %d rules: this test has lost its object", len(rules))
	}
	written := map[string]bool{"§3": true, "§4": true}
	for _, rule := range rules {
		written[string(rule[1])] = true
		if !removed[string(rule[1])] {
			t.Errorf("no check of rule %s is removed", rule[1])
		}
	}
	for _, m := range mutations() {
		if !written[m.rule] {
			t.Errorf("%s: docs/format.md has no rule %s", m.name, m.rule)
		}
	}
}
