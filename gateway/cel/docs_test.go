// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestVariablesAreDocumented: docs/gateway.md has exactly the fields that a
// condition can read.
func TestVariablesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/gateway.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, exist []string
	for _, row := range regexp.MustCompile("(?m)^\\| `((?:token|request)\\.[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, row[1])
	}
	for object, fields := range objects {
		for name := range fields {
			exist = append(exist, object+"."+name)
		}
	}
	slices.Sort(documented)
	slices.Sort(exist)
	if !slices.Equal(documented, exist) {
		t.Errorf("docs/gateway.md has %q, a condition can read %q", documented, exist)
	}
}
