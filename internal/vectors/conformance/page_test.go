// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/vectors"
)

const root = "../../.."

// The page in the repository is what the vectors produce.
func TestConformanceDocument(t *testing.T) {
	if !vectors.Available() {
		t.Skipf("%s is unset: it names the directory of the third-party vectors", vectors.DirVariable)
	}
	want, err := produce(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(root, want); err != nil {
		t.Error(err)
	}
}

// Without the vectors nothing is written, and an old page is noticed.
func TestPage(t *testing.T) {
	y := &vectors.Tally{Suite: "suite", Run: "policy", Cases: 4, Agreed: 1, Policy: map[string]int{"a-switch": 2},
		Differs: []vectors.Difference{{Case: "a|b", Expected: "good", Got: "reject", Why: "because"}}}
	recorded := &vectors.Tally{Suite: "suite", Run: "others", Cases: 1, Differs: []vectors.Difference{{Case: "c", Expected: "valid", Got: "invalid", Why: "core"}}}
	text, err := document([]*vectors.Tally{recorded, y})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| suite | policy | 4 | 1 | 2 | 1 | 0 |\n| suite | others | 1 | 0 | 0 | 0 | 1 |",
		"5 outcomes: 1 agreed, 2 were refused for want of a switch, 1 differ on purpose, 1 are recorded only, 0 unexplained.",
		`| a\|b | good | reject | because |`, "| a-switch | 2 |",
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the page lacks %q:\n%s", line, text)
		}
	}
	if _, err := document([]*vectors.Tally{{Suite: "suite", Run: "something"}}); err == nil {
		t.Error("a run that nobody explains is written")
	}
	if err := compare(root, text); err == nil {
		t.Error("another page passes for the one in the repository")
	}
}

// A suite that nobody has counted, or not whole, is an error.
func TestComplete(t *testing.T) {
	dir := t.TempDir()
	if err := writeSuite(dir, "one", 3); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		tallies []*vectors.Tally
		ok      bool
	}{
		{"whole", []*vectors.Tally{{Suite: "one", Cases: 3}}, true},
		{"in two parts", []*vectors.Tally{{Suite: "one", Cases: 2}, {Suite: "one", Cases: 1}}, true},
		{"missing", nil, false},
		{"in part", []*vectors.Tally{{Suite: "one", Cases: 2}}, false},
		{"unknown", []*vectors.Tally{{Suite: "one", Cases: 3}, {Suite: "two", Cases: 1}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := complete(row.tallies, dir); (err == nil) != row.ok {
				t.Error(err)
			}
		})
	}
}

func writeSuite(dir, name string, cases int) error {
	list := strings.TrimSuffix(strings.Repeat("{},", cases), ",")
	text := fmt.Sprintf(`{"suite":%q,"cases":[%s]}`, name, list)
	return os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600)
}
