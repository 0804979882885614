// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// valid has every key.
const valid = `address: 127.0.0.1:8889
metrics_address: 127.0.0.1:9090
state_dir: state
validity: 10m
access_log: true
authorities:
  - certificate: ca.pem
    sources:
      - index: {file: index.txt}
      - crl:
          url: https://ca.example/1.0/crl
          root: root.pem
          poll: 5s
          unlisted: unknown
    signer:
      certificate: delegate.pem
      key: /secret/delegate-key.pem
      password_file: password
`

func TestFile(t *testing.T) {
	t.Parallel()
	cfg, err := parse("/etc/stapled/ocsp.yaml", []byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	a := cfg.Authorities[0]
	for _, row := range []struct{ name, got, want string }{
		{"address", cfg.Address, "127.0.0.1:8889"},
		{"metrics_address", cfg.MetricsAddress, "127.0.0.1:9090"},
		{"state_dir", cfg.StateDir, "/etc/stapled/state"},
		{"validity", cfg.Validity.String(), "10m0s"},
		{"certificate", a.Certificate, "/etc/stapled/ca.pem"},
		{"index", a.Sources[0].Index.File, "/etc/stapled/index.txt"},
		{"url", a.Sources[1].CRL.URL, "https://ca.example/1.0/crl"},
		{"root", a.Sources[1].CRL.Root, "/etc/stapled/root.pem"},
		{"poll", a.Sources[1].CRL.Poll.String(), "5s"},
		{"delegate", a.Signer.Certificate, "/etc/stapled/delegate.pem"},
		{"key", a.Signer.Key, "/secret/delegate-key.pem"},
		{"password_file", a.Signer.PasswordFile, "/etc/stapled/password"},
	} {
		if row.got != row.want {
			t.Errorf("%s is %q, want %q", row.name, row.got, row.want)
		}
	}
	if !cfg.AccessLog || !a.Sources[1].CRL.UnlistedUnknown {
		t.Error("access_log or unlisted is not taken over")
	}
}

// TestFileRefuses: every error has the file, the line, and what to write
// instead.
func TestFileRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, old, new, want string }{
		{"an unknown key", "address: 127.0.0.1:8889", "adress: 127.0.0.1:8889", `ocsp.yaml:1: unknown key "adress": write address`},
		{"another spelling", "metrics_address", "metrics-address", `ocsp.yaml:2: unknown key "metrics-address": write metrics_address`},
		{"an unknown word", "validity: 10m", "lifetime: 10m", `ocsp.yaml:4: unknown key "lifetime": the keys here are address, metrics_address, state_dir, validity, access_log, authorities`},
		{"an unknown key inside", "poll: 5s", "interval: 5s", `ocsp.yaml:13: unknown key "interval": the keys here are url, file, root, poll, unlisted`},
		{"no address", "address: 127.0.0.1:8889\n", "", `ocsp.yaml:1: address: is missing: write address: 127.0.0.1:8889`},
		{"an empty address", "address: 127.0.0.1:8889", "address:", `ocsp.yaml:1: address has no value: write one, or remove the line`},
		{"a quoted empty address", "address: 127.0.0.1:8889", `address: ""`, `ocsp.yaml:1: address has no value`},
		{"all interfaces by accident", "address: 127.0.0.1:8889", "address: :8889", `ocsp.yaml:1: address: ":8889" names no host: write 127.0.0.1:8889, or 0.0.0.0:8889 for all interfaces`},
		{"one address twice", "9090", "8889", `ocsp.yaml:2: metrics_address: is the address of the responder: choose another port`},
		{"no state_dir", "state_dir: state\n", "", `state_dir: is missing: write state_dir: /var/lib/stapled-ocsp`},
		{"no unit", "validity: 10m", "validity: 10", `ocsp.yaml:4: validity: "10" is not a duration: write a number with its unit, such as 90s or 10m`},
		{"half a second", "validity: 10m", "validity: 1500ms", `ocsp.yaml:4: validity: must be a whole number of seconds: OCSP counts in seconds`},
		{"a validity of nothing", "validity: 10m", "validity: 0s", `ocsp.yaml:4: validity: 0s is too short: write 1s or more`},
		{"a poll that floods", "poll: 5s", "poll: 5ms", `ocsp.yaml:13: poll: 5ms is too short: write 1s or more`},
		{"no boolean", "access_log: true", "access_log: yes", `ocsp.yaml:5: access_log: "yes" must be true or false`},
		{"no authorities", valid[strings.Index(valid, "authorities:"):], "", `authorities: is missing: list at least one CA with its certificate, sources and signer`},
		{"an empty list", valid[strings.Index(valid, "authorities:"):], "authorities: []\n", `ocsp.yaml:6: authorities has no value`},
		{"no list", "  - certificate: ca.pem", "    certificate: ca.pem", `ocsp.yaml:6: authorities: must be a list: begin each element with "- "`},
		{"no sources", valid[strings.Index(valid, "    sources:"):strings.Index(valid, "    signer:")], "", `ocsp.yaml:7: sources: is missing: list what knows`},
		{"no signer", valid[strings.Index(valid, "    signer:"):], "", `ocsp.yaml:7: signer: is missing: name the files`},
		{"no key", "      key: /secret/delegate-key.pem\n", "", `ocsp.yaml:16: key: is missing: write key: delegate-key.pem`},
		{"two kinds in one", "      - crl:", "        crl:", `ocsp.yaml:10: crl: belongs to an element of its own: begin its line with "- "`},
		{"a stack", "index: {file: index.txt}", "stack: {dir: s}", `ocsp.yaml:9: stack: the database of a stack is locked while it runs, and ` + "`stapled up`" + ` answers OCSP itself: enable the CRL`},
		{"unknown alone", "      - index: {file: index.txt}\n", "", `ocsp.yaml:9: crl: unlisted: unknown needs a source that knows what was issued: list that one first`},
		{"unknown beside a list", "index: {file: index.txt}", "crl: {file: ca.crl}", `ocsp.yaml:10: crl: unlisted: unknown needs a source that knows what was issued`},
		{"another answer", "unlisted: unknown", "unlisted: bad", `ocsp.yaml:14: unlisted: "bad" must be good or unknown`},
		{"no URL", "          url: https://ca.example/1.0/crl\n", "", `url: is missing: write url: https://ca.example/1.0/crl, or file: /srv/ca/ca.crl`},
		{"another scheme", "url: https://ca.example/1.0/crl", "url: ldap://ca.example/crl", `ocsp.yaml:11: url: "ldap://ca.example/crl" must be an http or https URL`},
		{"a root for plain http", "url: https://ca.example/1.0/crl", "url: http://ca.example/1.0/crl", `ocsp.yaml:12: root: is for an https url: the list is signed, so plain http needs none; remove it`},
		{"a root for a file", "url: https://ca.example/1.0/crl", "file: ca.crl", `ocsp.yaml:12: root: is for an https url, not for a file: remove it`},
		{"a URL and a file", "poll: 5s", "file: ca.crl", `ocsp.yaml:13: file: there is a url, too: remove one of them`},
		{"one key twice", "validity: 10m", "state_dir: other", `ocsp.yaml:4: state_dir is already in line 3: remove one of them`},
		{"an alias", "validity: 10m", "validity: &v 10m", `ocsp.yaml:4: validity: anchors and aliases are not supported: write the value itself`},
		{"no YAML", "validity: 10m", "validity: [10m", `: this is not YAML: did not find expected`},
		{"a second document", "validity: 10m", "---\nvalidity: 10m", `a second document: keep one`},
		{"nothing", valid, "", `ocsp.yaml:1: the file is empty: write the keys address, metrics_address`},
		{"only a comment", valid, "# later\n", `ocsp.yaml:1: the file is empty`},
		{"a word", valid, "later\n", `ocsp.yaml:1: the file must be a mapping: write the keys address`},
		{"a list for a path", "state_dir: state", "state_dir: [state]", `ocsp.yaml:3: state_dir: must be one value, not a list or a mapping`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(valid, row.old, row.new, 1)
			if text == valid {
				t.Fatalf("%q is not in the file", row.old)
			}
			_, err := parse("ocsp.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got  %v\nwant %s", err, row.want)
			}
			if !strings.HasPrefix(err.Error(), "ocsp.yaml:") || strings.Contains(err.Error(), "\n") {
				t.Errorf("not FILE:LINE on one line: %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "ocsp.yaml")
	if _, err := ReadFile(name); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(name, []byte(valid), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg, err := ReadFile(name); err != nil || cfg.Validity != 10*time.Minute {
		t.Errorf("%+v, %v", cfg, err)
	}
}
