// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smallstep/certificates/authority/config"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/stepca"
)

func TestInitLayout(t *testing.T) {
	t.Parallel()
	dir := initCA(t)
	for name, mode := range map[string]fs.FileMode{
		".":                           fs.ModeDir | 0o700,
		"secrets":                     fs.ModeDir | 0o700,
		"db":                          0o600,
		"config/ca.json":              0o600,
		"config/defaults.json":        0o600,
		"config/stapled.json":         0o600,
		"certs/root_ca.crt":           0o644,
		"certs/intermediate_ca.crt":   0o644,
		"secrets/root_ca_key":         0o600,
		"secrets/intermediate_ca_key": 0o600,
		"secrets/password":            0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %s, want %s", name, info.Mode(), mode)
		}
	}
	for _, name := range []string{"root_ca_key", "intermediate_ca_key"} {
		key, err := os.ReadFile(filepath.Join(dir, "secrets", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(key), "ENCRYPTED") {
			t.Errorf("%s is not encrypted", name)
		}
	}
	// The stock step-ca has to find its files, so no path may name the
	// directory in which they were built.
	cfg, err := config.LoadConfiguration(filepath.Join(dir, "config", "ca.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	for _, file := range []string{cfg.Root[0], cfg.IntermediateCert, cfg.IntermediateKey, cfg.DB.DataSource} {
		if _, err := os.Stat(file); err != nil || !strings.HasPrefix(file, dir+string(filepath.Separator)) {
			t.Errorf("ca.json names %s (%v), want a file below %s", file, err, dir)
		}
	}
	if cfg.Password != "" {
		t.Error("ca.json holds the password")
	}
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
		t.Errorf("something is left beside the CA: %v, %v", entries, err)
	}
}

func TestInitAgain(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	before, err := os.ReadFile(filepath.Join(dir, "certs", "root_ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Init(dir, InitConfig{CAAddress: "127.0.0.1:0"}); err != nil {
		t.Errorf("the same again: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "certs", "root_ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the root has changed")
	}
	if err := Init(dir, InitConfig{OCSPAddress: "127.0.0.1:1"}); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("another OCSP address: got %v, want %v", err, stapled.ConfigInvalid)
	}
	if err := Init(dir, InitConfig{CAAddress: "127.0.0.1:1"}); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("another CA address: got %v, want %v", err, stapled.ConfigInvalid)
	}
}

// TestInitLeavesNothing: a failed Init changes nothing, neither in the
// directory nor beside it.
func TestInitLeavesNothing(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	for _, row := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		cfg     InitConfig
		want    stapled.Reason
	}{
		{"directory of somebody else", func(t *testing.T, dir string) {
			if err := writeFile(filepath.Join(dir, "thesis.tex"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, InitConfig{}, stapled.DirectoryNotEmpty},
		{"directory of somebody else with a file named config", func(t *testing.T, dir string) {
			if err := writeFile(filepath.Join(dir, "config"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, InitConfig{}, stapled.DirectoryNotEmpty},
		{"step-ca directory without our settings", func(t *testing.T, dir string) {
			if err := writeFile(filepath.Join(dir, "config", "ca.json"), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, InitConfig{}, stapled.NotCADirectory},
		// Like a directory that is closed to this user, which root has none of.
		{"directory that cannot be looked into", func(t *testing.T, dir string) {
			must(t, os.MkdirAll(dir, 0o700), os.Symlink("config", filepath.Join(dir, "config")))
		}, InitConfig{}, stapled.Failed},
		{"empty directory, CA port in use", func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o700))
		}, InitConfig{CAAddress: busy.Addr().String()}, stapled.AddressInUse},
		{"directory is a file", func(t *testing.T, dir string) {
			if err := writeFile(dir, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, InitConfig{}, stapled.Failed},
		{"CA port in use", nil, InitConfig{CAAddress: busy.Addr().String()}, stapled.AddressInUse},
		{"OCSP port in use", nil, InitConfig{OCSPAddress: busy.Addr().String()}, stapled.AddressInUse},
		{"address without a port", nil, InitConfig{CAAddress: "127.0.0.1"}, stapled.ConfigInvalid},
		{"address without a host", nil, InitConfig{CAAddress: ":9000"}, stapled.ConfigInvalid},
		{"OCSP address without a host", nil, InitConfig{OCSPAddress: ":0"}, stapled.ConfigInvalid},
		{"OCSP URL is none", nil, InitConfig{OCSPURL: "ocsp.internal"}, stapled.ConfigInvalid},
		{"OCSP URL is a template", nil, InitConfig{OCSPURL: `http://a/{{ env "HOME" }}`}, stapled.ConfigInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "ca")
			if row.prepare != nil {
				row.prepare(t, dir)
			}
			before := tree(t, parent)
			err := Init(dir, row.cfg)
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error has several lines: %q", err)
			}
			if after := tree(t, parent); after != before {
				t.Errorf("files were %s, are %s", before, after)
			}
		})
	}
}

// TestInitEmptyDirectory: a directory that somebody has made for the CA will do,
// also behind a symbolic link.
func TestInitEmptyDirectory(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir, link := filepath.Join(parent, "empty"), filepath.Join(parent, "link")
	must(t, os.Mkdir(dir, 0o755), os.Symlink("empty", link))
	must(t, Init(link, InitConfig{}))
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v (%v)", info, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v (%v)", info, err)
	}
	run(t, link, Config{})
}

// TestEmptyLists: what is present and empty is no default.
func TestEmptyLists(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	if err := Init(dir, InitConfig{DNSNames: []string{}}); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("no DNS names: %v", err)
	}
	must(t, Init(dir, InitConfig{}))
	if ca, err := Open(dir, Config{Password: []byte{}}); !errors.Is(err, stapled.WrongPassword) || ca != nil {
		t.Errorf("an empty password: %v", err)
	}
}

// TestInitWorkingDirectory: nobody's working directory is replaced.
func TestInitWorkingDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := Init(".", InitConfig{}); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("got %v, want %v", err, stapled.ConfigInvalid)
	}
	if after := tree(t, dir); after != dir {
		t.Errorf("there is %s", after)
	}
}

// TestAddressInUse: the error says whose address it is.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { busy.Close() })
	address := busy.Addr().String()
	for server, cfg := range map[Server]InitConfig{APIServer: {CAAddress: address}, OCSPServer: {OCSPAddress: address}} {
		var inUse *AddressError
		if err := Init(filepath.Join(t.TempDir(), "ca"), cfg); !errors.As(err, &inUse) || !errors.Is(err, stapled.AddressInUse) || inUse.Server != server || inUse.Address != address {
			t.Errorf("%s: got %v", server, err)
		}
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		files = append(files, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(files, " ")
}

func TestInitOptions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "below", "ca")
	err := Init(dir, InitConfig{
		Name: "Acme", Provisioner: "ops", OCSPURL: "https://ocsp.acme.internal/q", DNSNames: []string{"ca.acme.internal", "localhost"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := run(t, dir, Config{})
	if got := c.Root().Subject.CommonName; got != "Acme Root CA" {
		t.Errorf("root is named %q", got)
	}
	client := clientOf(t, dir)
	id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	if err != nil {
		t.Fatal(err)
	}
	if got := id.Leaf().OCSPServer; len(got) != 1 || got[0] != "https://ocsp.acme.internal/q" {
		t.Errorf("leaf names the responders %q", got)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "config", "ca.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cfg struct{ DNSNames []string }
	if err := json.Unmarshal(raw, &cfg); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cfg.DNSNames, " "); got != "127.0.0.1 localhost ca.acme.internal" {
		t.Errorf("DNS names are %q", got)
	}
}
