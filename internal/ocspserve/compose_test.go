// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestCompose: the container has the file that its command names, and the
// state directory that the file names, to write to.
func TestCompose(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(examples, "ocsp", "compose.yaml"))
	check(t, err)
	var compose struct {
		Services map[string]struct {
			Command, Volumes []string
			ReadOnly         bool `yaml:"read_only"`
		}
	}
	check(t, yaml.Unmarshal(text, &compose))
	cfg, err := ReadFile(filepath.Join(examples, "ocsp", "ocsp.yaml"))
	check(t, err)
	s := compose.Services["ocsp"]
	if want := []string{"ocsp", "serve", "--config", "/etc/stapled-ocsp/ocsp.yaml"}; !slices.Equal(s.Command, want) {
		t.Errorf("the command is %q", s.Command)
	}
	if want := []string{".:/etc/stapled-ocsp:ro", cfg.StateDir + ":" + cfg.StateDir}; !slices.Equal(s.Volumes, want) || !s.ReadOnly {
		t.Errorf("the volumes are %q, want %q", s.Volumes, want)
	}
}
