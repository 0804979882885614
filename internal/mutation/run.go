// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// outcome is the result of the tests of one run.
type outcome struct {
	passed, failed []string // names of tests
}

// event is a line of go test -json.
type event struct {
	Action, Test, Output string
}

// runner runs tests of a module.
type runner struct {
	root string
	// dir holds the mutants and nothing else.
	dir string
}

// test runs the matching tests of a package, in the tree as it is or with the
// files of an overlay. It is an error if they do not compile or none runs: then
// the run says nothing.
func (r *runner) test(ctx context.Context, overlay, pkg string, patterns []string) (*outcome, error) {
	args := []string{"test", "-json", "-count=1", "-vet=off", "-failfast=false", "-run", strings.Join(patterns, "|")}
	if overlay != "" {
		args = append(args, "-overlay", overlay, "-timeout=2m") // a mutant may hang
	} else {
		args = append(args, "-timeout=20m")
	}
	command := exec.CommandContext(ctx, "go", append(args, pkg)...)
	command.Dir = r.root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	o := new(outcome)
	running := make(map[string]bool)
	packageFailed := false
	var log strings.Builder
	for decoder := json.NewDecoder(bytes.NewReader(stdout)); ; {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go test: %w\n%s%s", err, stdout, stderr.Bytes())
		}
		log.WriteString(e.Output)
		switch {
		case e.Action == "build-fail":
			return nil, fmt.Errorf("does not compile:\n%s%s", log.String(), stderr.Bytes())
		case e.Test == "":
			packageFailed = packageFailed || e.Action == "fail"
		case e.Action == "run":
			running[e.Test] = true
		case e.Action == "pass":
			o.passed = append(o.passed, e.Test)
			delete(running, e.Test)
		case e.Action == "fail":
			o.failed = append(o.failed, e.Test)
			delete(running, e.Test)
		case e.Action == "skip":
			return nil, fmt.Errorf("%s was skipped", e.Test)
		}
	}
	// A test cut short by a panic or the time limit has not passed.
	if packageFailed {
		o.failed = append(o.failed, slices.Sorted(maps.Keys(running))...)
	}
	if len(o.passed)+len(o.failed) == 0 {
		return nil, fmt.Errorf("no test ran:\n%s%s", log.String(), stderr.Bytes())
	}
	if err != nil && len(o.failed) == 0 {
		return nil, fmt.Errorf("the package failed outside its tests:\n%s%s", log.String(), stderr.Bytes())
	}
	return o, nil
}

// baseline runs every row of the table in the unchanged tree. All must pass,
// and every pattern must match a row.
func (r *runner) baseline(ctx context.Context, table []mutation) error {
	patterns := make(map[string][]string)
	for _, m := range table {
		patterns[m.tests()] = append(patterns[m.tests()], m.patterns()...)
	}
	var problems []error
	for pkg, list := range patterns {
		slices.Sort(list)
		o, err := r.test(ctx, "", pkg, slices.Compact(list))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", pkg, err))
			continue
		}
		if len(o.failed) > 0 {
			problems = append(problems, fmt.Errorf("%s fails before any check is removed: %s", pkg, strings.Join(o.failed, ", ")))
		}
		for _, m := range table {
			for _, pattern := range m.patterns() {
				if m.tests() == pkg && !slices.ContainsFunc(o.passed, func(test string) bool { return covers(pattern, test) }) {
					problems = append(problems, fmt.Errorf("%s: %s has no row %s", m.name, pkg, pattern))
				}
			}
		}
	}
	return errors.Join(problems...)
}

// remove runs the rows of a mutation without its check, and returns those that
// noticed; none if none did. It is an error if a named row did not notice.
func (r *runner) remove(ctx context.Context, m *mutation) (noticedBy []string, err error) {
	original, mutant, err := m.find(r.root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.dir, "")
	if err != nil {
		return nil, err
	}
	file, overlay := filepath.Join(dir, filepath.Base(original)), filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: file}})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(file, mutant, 0o600), os.WriteFile(overlay, text, 0o600)); err != nil {
		return nil, err
	}
	o, err := r.test(ctx, overlay, m.tests(), m.patterns())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	for _, test := range o.failed {
		if m.covers(test) {
			noticedBy = append(noticedBy, test)
		}
	}
	if len(noticedBy) == 0 {
		if len(o.failed) > 0 {
			return nil, fmt.Errorf("%s: red outside its rows: %s", m.name, strings.Join(o.failed, ", "))
		}
		return nil, nil
	}
	for _, pattern := range m.patterns() {
		if !slices.ContainsFunc(noticedBy, func(test string) bool { return covers(pattern, test) }) {
			return nil, fmt.Errorf("%s: noticed by %s, and not by %s", m.name, noticedBy[0], pattern)
		}
	}
	return noticedBy, nil
}
