// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateways

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// block returns the fenced block of a page in docs/gateways whose info string
// ends with this name of a file.
func block(t *testing.T, page, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs/gateways", page+".md"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	inside, found := false, false
	for line := range strings.Lines(string(data)) {
		switch {
		case !inside && strings.HasPrefix(line, "```") && strings.HasSuffix(strings.TrimSpace(line), " "+file):
			inside, found = true, true
		case inside && strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			out.WriteString(line)
		}
	}
	if !found || inside {
		t.Fatalf("docs/gateways/%s.md has no block %s", page, file)
	}
	return out.String()
}
