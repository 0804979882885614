// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Embedding the middleware costs what embedding the verifier costs: net/http,
// but no further module, Prometheus least of all.
func TestDependencies(t *testing.T) {
	packages := func(name string) map[string]bool {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", name).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", name, err)
		}
		set := map[string]bool{}
		for _, path := range strings.Fields(string(out)) {
			set[path] = true
		}
		return set
	}
	const module = "github.com/stapledjwt/stapled/"
	allowed := packages(module + "verifier")
	allowed[module+"gateway"] = true
	got := packages(module + "gateway")
	if !got[module+"gateway"] {
		t.Fatal("go list does not list the package itself")
	}
	for path := range got {
		if !allowed[path] {
			t.Errorf("gateway depends on %s, which verifier does not", path)
		}
	}
}
