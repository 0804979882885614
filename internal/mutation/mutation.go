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
	"sync"

	"github.com/stapledjwt/stapled/internal/catalogue"
)

// check is one check of the production code, with the edit that removes it.
type check struct {
	name string
	// rule is the rule of docs/format.md that the check enforces, such as 6.8, or
	// the section, such as §3. Every case of the catalogue for the rule is run, and
	// at least one must notice.
	rule string
	// rows, if not empty, are run instead, and each must notice. They are separated
	// by spaces; each is a regular expression for the start of a case's name, or
	// Test/row.
	rows string
	// in is the package whose tests notice. The default is the package itself if it
	// runs the catalogue or a row names a test, and otherwise the verifier.
	in string
	// old occurs exactly once in the package; new replaces it.
	old, new string
	// redundant, if not empty, says why nothing changes without the check: another
	// one backs it up. Then the rows must stay green.
	redundant string
}

// target holds the checks of a package, given by its directory.
type target struct {
	pkg    string
	checks []check
}

// mutation is a check with its package.
type mutation struct {
	check
	pkg string
}

// mutations lists the whole table.
func mutations() []mutation {
	var all []mutation
	for _, t := range slices.Concat(stapleTargets, certificateTargets, pathTargets, constraintTargets, tokenTargets, cacheTargets, revocationTargets) {
		for _, c := range t.checks {
			all = append(all, mutation{check: c, pkg: t.pkg})
		}
	}
	return all
}

// find returns the check's file and its text without the check. It is an error
// if the table no longer fits the code.
func (m *mutation) find(root string) (file string, mutant []byte, err error) {
	files, err := filepath.Glob(filepath.Join(root, m.pkg, "*.go"))
	if err != nil {
		return "", nil, err
	}
	n := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if in := strings.Count(string(text), m.old); in > 0 {
			n += in
			file, mutant = path, []byte(strings.Replace(string(text), m.old, m.new, 1))
		}
	}
	if n != 1 || m.old == m.new {
		return "", nil, fmt.Errorf("%s: the table does not fit package %s: its old text occurs %d times, and must occur once and be replaced:\n%s",
			m.name, m.pkg, n, m.old)
	}
	return file, mutant, nil
}

// tests returns the package whose tests are run.
func (m *mutation) tests() string {
	switch {
	case m.in != "":
		return "./" + m.in
	case m.pkg == "ocspstaple" || strings.Contains(m.rows, "Test"):
		return "./" + m.pkg
	}
	return "./verifier"
}

// selection describes in words which rows are run.
func (m *mutation) selection() string {
	if m.rows == "" {
		return "the cases of rule " + m.rule
	}
	return m.rows
}

// patterns returns the rows as patterns for go test -run.
func (m *mutation) patterns() []string {
	if m.rows == "" {
		return []string{patternOf(m.rule)}
	}
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

var forgeries = sync.OnceValue(catalogue.Forgeries)

// patternOf matches the catalogue cases about a rule.
func patternOf(rule string) string {
	var names []string
	for _, c := range forgeries() {
		if slices.Contains(c.Rules(), rule) {
			names = append(names, regexp.QuoteMeta(c.Test()))
		}
	}
	return "^TestForgeries$/^(?:" + strings.Join(names, "|") + ")$"
}

// covers reports whether a test is one of the rows, or below one.
func (m *mutation) covers(test string) bool {
	return slices.ContainsFunc(m.patterns(), func(pattern string) bool { return covers(pattern, test) })
}

func covers(pattern, test string) bool {
	elements, names := strings.Split(pattern, "/"), strings.Split(test, "/")
	if len(names) < len(elements) {
		return false
	}
	for i, element := range elements {
		if !compiled(element).MatchString(names[i]) {
			return false
		}
	}
	return true
}

var expressions sync.Map // *regexp.Regexp by its text

func compiled(text string) *regexp.Regexp {
	if e, ok := expressions.Load(text); ok {
		return e.(*regexp.Regexp)
	}
	e := regexp.MustCompile(text)
	expressions.Store(text, e)
	return e
}
