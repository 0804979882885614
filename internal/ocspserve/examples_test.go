// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/stapledjwt/stapled/certs"
)

var examples = filepath.Join("..", "..", "examples")

// TestExample starts examples/ocsp/ocsp.yaml, with other addresses and the
// files that it names.
func TestExample(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 24*time.Hour, "Alpha")
	server := httptest.NewTLSServer(http.FileServer(http.Dir(w.dir)))
	defer server.Close()
	text, err := os.ReadFile(filepath.Join(examples, "ocsp", "ocsp.yaml"))
	check(t, err)
	for _, change := range [][2]string{
		{"127.0.0.1:8889", "127.0.0.1:0"}, {"127.0.0.1:9090", "127.0.0.1:0"},
		{"/var/lib/stapled-ocsp", "state"}, {"https://ca.example:9000/1.0/crl", server.URL + "/Alpha/ca.crl"},
	} {
		if strings.Count(string(text), change[0]) != 1 {
			t.Fatalf("the example does not have %s once", change[0])
		}
		text = []byte(strings.Replace(string(text), change[0], change[1], 1))
	}
	check(t, certs.WriteFile(w.file, text))
	w.write("", "root_ca.crt", server.Certificate().Raw, "CERTIFICATE")
	for from, to := range map[string]string{"ca.pem": "intermediate_ca.crt", "delegate.pem": "delegate.crt", "delegate-key.pem": "delegate.key"} {
		check(t, os.Rename(filepath.Join(w.dir, "Alpha", from), filepath.Join(w.dir, to)))
	}
	s, err := Open(t.Context(), w.options())
	check(t, err)
	w.Server = s
	defer w.end()
	s.Start(t.Context())
	w.wantReady()
	w.want("Alpha", "good", "Alpha responder")
}

// names returns the names of our metrics that exist, with those of the parts of
// a histogram.
func names(t *testing.T) map[string]bool {
	w := newWorld(t, 24*time.Hour, "Alpha")
	w.start()
	defer w.end()
	w.ask("Alpha", 7)
	families, err := w.metrics.registry.Gather()
	check(t, err)
	all := make(map[string]bool)
	for _, f := range families {
		name := f.GetName()
		if !strings.HasPrefix(name, "stapled_ocsp_") {
			continue
		}
		all[name] = true
		if f.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		if f.GetType().String() == "HISTOGRAM" {
			all[name+"_bucket"], all[name+"_sum"], all[name+"_count"] = true, true, true
		}
	}
	return all
}

var metricName = regexp.MustCompile(`\bstapled_ocsp_[a-z_]+`)

// TestMonitoring: every metric in the alert rules, the dashboard and the
// documentation exists, and the documentation and the dashboard have all.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	known := names(t)
	for _, row := range []struct {
		file string
		all  bool
	}{
		{filepath.Join(examples, "monitoring", "stapled-ocsp.rules.yml"), false},
		{filepath.Join(examples, "monitoring", "stapled-ocsp.dashboard.json"), true},
		{filepath.Join("..", "..", "docs", "ocsp.md"), true},
	} {
		text, err := os.ReadFile(row.file)
		check(t, err)
		used := make(map[string]bool)
		for _, name := range metricName.FindAllString(string(text), -1) {
			used[strings.TrimSuffix(name, "_bucket")] = true
			if !known[name] {
				t.Errorf("%s has %s, which does not exist", row.file, name)
			}
		}
		if len(used) == 0 {
			t.Errorf("%s has no metric", row.file)
		}
		for name := range known {
			part := strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
			if row.all && !part && !used[name] {
				t.Errorf("%s lacks %s", row.file, name)
			}
		}
	}
}

// TestMonitoringParses: promtool and Grafana could read the files.
func TestMonitoringParses(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(examples, "monitoring", "stapled-ocsp.rules.yml"))
	check(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	check(t, yaml.Unmarshal(text, &rules))
	for _, r := range rules.Groups[0].Rules {
		if r.Alert == "" || r.Expr == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("a part is missing: %+v", r)
		}
	}
	if text, err = os.ReadFile(filepath.Join(examples, "monitoring", "stapled-ocsp.dashboard.json")); err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	check(t, json.Unmarshal(text, &board))
	for _, p := range board.Panels {
		if p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("a panel shows nothing: %+v", p)
		}
	}
}

// TestKeysAreDocumented: the table of keys has exactly those that the file can
// have.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "ocsp.md"))
	check(t, err)
	_, chapter, _ := strings.Cut(string(text), "\n## The configuration file\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	documented := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(chapter, -1) {
		documented[m[1]] = true
	}
	for _, mapping := range []struct {
		prefix string
		keys   []string
	}{
		{"", topKeys}, {"authorities[].", authorityKeys}, {"authorities[].sources[].", sourceKeys},
		{"authorities[].sources[].crl.", crlKeys}, {"authorities[].sources[].index.", indexKeys},
		{"authorities[].sources[].stepdb.", stepdbKeys}, {"authorities[].signer.", signerKeys}, {"authorities[].signer.renew.", renewKeys},
	} {
		for _, key := range mapping.keys {
			name := mapping.prefix + key
			if documented[name] == (key == "stack") {
				t.Errorf("documented: %t: %s", documented[name], name)
			}
			delete(documented, name)
		}
	}
	for name := range documented {
		t.Errorf("%s is documented and does not exist", name)
	}
}
