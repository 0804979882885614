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
		"127.0.0.1:8000", address, "127.0.0.1:8443", address, "http://:8000", "http://:"+address[strings.LastIndexByte(address, ':')+1:], "127.0.0.1:8080", w.upstream, "127.0.0.1:9100", w.forwardAuth,
		"127.0.0.1:9101", w.extAuthz, "127.0.0.1:9102", w.extAuthzGRPC, "127.0.0.1:9103", w.proxy,
		"root.pem", w.anchor,
	).Replace(config)
	if err := os.WriteFile(name, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}
