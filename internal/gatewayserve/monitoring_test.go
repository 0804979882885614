// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMonitoring: every metric in the alert rules and in the dashboard exists,
// and the dashboard has all. scripts/examples.sh lets promtool read the rules.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	w.want(200, w.token("billing", nil), "GET", "/a")
	families, err := w.metrics.registry.Gather()
	check(t, err)
	exists := make(map[string]bool)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "stapled_") {
			exists[f.GetName()] = true
		}
	}
	directory := filepath.Join("..", "..", "examples", "monitoring")
	for _, row := range []struct {
		file string
		all  bool
	}{{"stapled-gateway.rules.yml", false}, {"stapled-gateway.test.yml", false}, {"stapled-gateway.dashboard.json", true}} {
		text, err := os.ReadFile(filepath.Join(directory, row.file))
		check(t, err)
		used := make(map[string]bool)
		for _, name := range regexp.MustCompile(`\bstapled_[a-z_]+`).FindAllString(string(text), -1) {
			name = strings.TrimSuffix(name, "_bucket")
			used[name] = true
			if !exists[name] {
				t.Errorf("%s has %s, which does not exist", row.file, name)
			}
		}
		if len(used) == 0 {
			t.Errorf("%s has no metric", row.file)
		}
		for name := range exists {
			if row.all && !used[name] {
				t.Errorf("%s lacks %s", row.file, name)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(directory, "stapled-gateway.dashboard.json"))
	check(t, err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	check(t, json.Unmarshal(text, &board))
	for _, p := range board.Panels {
		if p.Title == "" || len(p.Targets) == 0 || p.Targets[0].Expr == "" {
			t.Errorf("a panel shows nothing: %+v", p)
		}
	}
}
