// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, target string // target is what "stapled" on PATH leads to
		want         string
	}{
		{"not on PATH", "", os.Args[0]},
		{"this very file", self, "stapled"},
		{"another program", "/bin/sh", os.Args[0]},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PATH", dir)
			if row.target != "" {
				if err := os.Symlink(row.target, filepath.Join(dir, "stapled")); err != nil {
					t.Fatal(err)
				}
			}
			if got := Program(); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
