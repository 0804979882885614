// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeysAreDocumented: the tables of docs/gateway.md have exactly the keys that
// the file can have.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateway.md"))
	check(t, err)
	_, chapter, _ := strings.Cut(string(text), "\n## The configuration file\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	documented := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(chapter, -1) {
		for _, key := range strings.Split(row[1], ", ") {
			documented[strings.Trim(key, "`")] = true
		}
	}
	known := make(map[string]bool)
	for prefix, keys := range map[string][]string{
		"": append(append(append([]string{}, topKeys...), frontKeys...), routeKeys...), "tls.": tlsKeys, "anchors[].": anchorKeys,
		"identity_headers.": identityKeys, "front_proxies.": frontProxyKeys, "access_log.": accessLogKeys,
	} {
		for _, key := range keys {
			known[prefix+key] = true
			if !documented[prefix+key] {
				t.Errorf("%s is not documented", prefix+key)
			}
		}
	}
	for key := range documented {
		if !known[key] {
			t.Errorf("%s is documented and does not exist", key)
		}
	}
}

// TestMetricsAreDocumented: docs/gateway.md has exactly the metrics that exist.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	w.want(200, w.token("billing", nil), "GET", "/a")
	families, err := w.metrics.registry.Gather()
	check(t, err)
	exists, documented := make(map[string]bool), make(map[string]bool)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "stapled_") {
			exists[f.GetName()] = true
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateway.md"))
	check(t, err)
	for _, name := range regexp.MustCompile(`\bstapled_[a-z_]+`).FindAllString(string(text), -1) {
		if !exists[name] {
			t.Errorf("%s is documented and does not exist", name)
		}
		documented[name] = true
	}
	for name := range exists {
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
	}
}
