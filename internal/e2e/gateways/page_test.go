// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

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

// example copies a file of examples/gateway into a directory.
func (w *world) example(t *testing.T, name, dir, address string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "examples/gateway", name))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, filepath.Join(dir, filepath.Base(name)), string(data), address)
}

// write writes a configuration with the addresses of this run. Nothing else in
// it changes.
func (w *world) write(t *testing.T, name, config, address string) {
	t.Helper()
	config = strings.NewReplacer(
		"127.0.0.1:8000", address, "127.0.0.1:8080", w.upstream, "127.0.0.1:9100", w.forwardAuth,
		"127.0.0.1:9101", w.extAuthz, "127.0.0.1:9102", w.extAuthzGRPC, "127.0.0.1:9103", w.proxy,
		"root.pem", w.anchor,
	).Replace(config)
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}
