// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"unicode"

	"github.com/smallstep/certificates/authority/config"
)

// layout is the standard step-ca directory, with one file of ours in it.
type layout string

func (l layout) file(elem ...string) string {
	return filepath.Join(append([]string{string(l)}, elem...)...)
}

func (l layout) config() string   { return l.file("config", "ca.json") }
func (l layout) defaults() string { return l.file("config", "defaults.json") }
func (l layout) settings() string { return l.file("config", "stapled.json") }
func (l layout) root() string     { return l.file("certs", "root_ca.crt") }
func (l layout) rootKey() string  { return l.file("secrets", "root_ca_key") }
func (l layout) password() string { return l.file("secrets", "password") }
func (l layout) database() string { return l.file("db") }

// settings is config/stapled.json: what step-ca has no place for.
//
//	{
//		"ocsp_address": "127.0.0.1:8889",
//		"ocsp_url": "http://127.0.0.1:8889",
//		"ca_url": "https://127.0.0.1:9000",
//		"provisioner": "admin"
//	}
type settings struct {
	// OCSPAddress is the address that the responder listens on.
	OCSPAddress string `json:"ocsp_address"`
	// OCSPURL is the responder as certificates name it.
	OCSPURL string `json:"ocsp_url"`
	// CAURL is the step-ca API as clients reach it.
	CAURL string `json:"ca_url"`
	// Provisioner is the name of the provisioner that the Client uses.
	Provisioner string `json:"provisioner"`
}

func newLayout(dir string) (layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fail(Failed, "find the absolute path of %s: %w", dir, err)
	}
	return layout(abs), nil
}

// load reads both configuration files.
func (l layout) load() (*config.Config, settings, error) {
	var s settings
	raw, err := os.ReadFile(l.settings())
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(l.config()); statErr == nil {
			return nil, s, l.withoutSettings()
		}
		return nil, s, fail(NotACA, "%s is not a step-ca directory (%s is missing); create one with `stapled up --dir`", l, l.config())
	}
	if err != nil {
		return nil, s, l.unreadable("read the configuration of the CA", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, s, fail(Misconfigured, "%s is not JSON such as %s: %w", l.settings(), settingsExample, err)
	}
	for name, value := range map[string]string{"ocsp_url": s.OCSPURL, "ca_url": s.CAURL} {
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return nil, s, fail(Misconfigured, "%s: %s %q is not a URL; it holds, for example, %s", l.settings(), name, value, settingsExample)
		}
	}
	cfg, err := config.LoadConfiguration(l.config())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s, fail(NotACA, "%s is not a step-ca directory: %s is missing", l, l.config())
	}
	if err != nil {
		return nil, s, fail(Misconfigured, "%s is not usable: %w", l.config(), err)
	}
	if other := l.copied(cfg); other != "" {
		return nil, s, fail(Misconfigured, "%s is a copy of %s, whose keys and database its ca.json names: correct the paths in %s and %s",
			l, other, l.config(), l.defaults())
	}
	return cfg, s, nil
}

// copied finds the CA directory that ca.json leads to, if that is another one:
// its paths are absolute, so that a copy of a directory would go on with the keys
// and the database of the original.
func (l layout) copied(cfg *config.Config) (other string) {
	own, err := os.Stat(l.config())
	if err != nil {
		return ""
	}
	dirs := []string{filepath.Dir(filepath.Dir(cfg.IntermediateCert)), filepath.Dir(filepath.Dir(cfg.IntermediateKey))}
	if cfg.DB != nil {
		dirs = append(dirs, filepath.Dir(cfg.DB.DataSource))
	}
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue // the URI of a key, or a path that a copy does not share
		}
		info, err := os.Stat(layout(dir).config())
		if err == nil && !os.SameFile(info, own) {
			return dir
		}
	}
	return ""
}

// withoutSettings explains what a directory of step-ca lacks.
func (l layout) withoutSettings() error {
	return fail(NotACA, "%s is a step-ca directory without %s; create that file, for example with %s", l, l.settings(), settingsExample)
}

// settingsExample is for errors: a file that somebody has to write.
const settingsExample = `{"ocsp_address": "127.0.0.1:8889", "ocsp_url": "http://127.0.0.1:8889", "ca_url": "https://127.0.0.1:9000", "provisioner": "admin"}`

// unreadable says what to do when a file of the directory cannot be read.
func (l layout) unreadable(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fail(Failed, "%s: %w; run this as the user who owns %s", what, err, l)
	}
	return fail(Failed, "%s: %w", what, err)
}

// readPassword reads the password as step-ca does: without trailing space.
func (l layout) readPassword() ([]byte, error) {
	raw, err := os.ReadFile(l.password())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(WrongPassword, "%s is missing; restore it: it holds the password of the CA's keys", l.password())
	}
	if err != nil {
		return nil, l.unreadable("read the password", err)
	}
	password := bytes.TrimRightFunc(raw, unicode.IsSpace)
	if len(password) == 0 {
		return nil, fail(WrongPassword, "%s is empty; put the password of the CA's keys there", l.password())
	}
	return password, nil
}

// writeFile writes a new file and forces it to disk.
func writeFile(name string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func writeJSON(name string, value any) error {
	raw, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(name), err)
	}
	return writeFile(name, append(raw, '\n'), 0o600)
}
