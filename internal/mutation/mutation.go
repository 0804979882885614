// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// check is one check of the production code, and what removes it.
type check struct {
	name string
	// rule is the rule of docs/format.md that the check keeps, such as 6.8.
	rule string
	// rows are the test rows that must turn red, separated by spaces: the
	// beginning of a row's name, as a regular expression. A row is one of
	// TestForgeries unless a test is named before it, as in Test/row.
	rows string
	// old occurs exactly once in the file, and new takes its place.
	old, new string
	// redundant, where not empty, says why nothing changes without the check:
	// another one stands behind it. Then the rows must stay green.
	redundant string
}

// target is a file, and the package whose tests hold it.
type target struct {
	file, tests string
	checks      []check
}

// mutation is a check with its target.
type mutation struct {
	check
	file, tests string
}

// mutations lists the whole table.
func mutations() []mutation {
	var all []mutation
	for _, t := range slices.Concat(stapleTargets, certificateTargets, pathTargets, tokenTargets, cacheTargets) {
		for _, c := range t.checks {
			all = append(all, mutation{check: c, file: t.file, tests: t.tests})
		}
	}
	return all
}

// mutant is the text of the file without the check. A table that no longer
// fits the code is an error.
func (m *mutation) mutant(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	if n := strings.Count(string(text), m.old); n != 1 || m.old == m.new {
		return nil, fmt.Errorf("%s: the table does not fit %s: its old text occurs %d times, and must occur once and be replaced:\n%s",
			m.name, m.file, n, m.old)
	}
	return []byte(strings.Replace(string(text), m.old, m.new, 1)), nil
}

// patterns are the rows, as go test -run takes them.
func (m *mutation) patterns() []string {
	var patterns []string
	for _, row := range strings.Fields(m.rows) {
		if !strings.HasPrefix(row, "Test") {
			row = "TestForgeries/" + row
		}
		test, rest, sub := strings.Cut(row, "/")
		pattern := "^" + test + "$"
		if sub {
			pattern += "/^" + strings.ReplaceAll(rest, "/", "/^")
		}
		patterns = append(patterns, pattern)
	}
	return patterns
}

// covers tells whether a test is one of the rows, or below one.
func (m *mutation) covers(test string) bool {
	return slices.ContainsFunc(m.patterns(), func(pattern string) bool { return covers(pattern, test) })
}

func covers(pattern, test string) bool {
	elements, names := strings.Split(pattern, "/"), strings.Split(test, "/")
	if len(names) < len(elements) {
		return false
	}
	for i, element := range elements {
		if matched, err := regexp.MatchString(element, names[i]); err != nil || !matched {
			return false
		}
	}
	return true
}
