// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode"

	"github.com/smallstep/certificates/authority/config"
	"github.com/stapledjwt/stapled"
)

// layout is the standard step-ca directory, plus one file of ours.
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

func newLayout(dir string) (layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", stapled.Errorf(stapled.Failed, "find the absolute path of %s: %w", dir, err)
	}
	return layout(abs), nil
}

// load reads both configuration files.
func (l layout) load() (*config.Config, settings, error) {
	cfg, s, _, err := l.loadWithNotices()
	return cfg, s, err
}

func (l layout) loadWithNotices() (*config.Config, settings, []notice, error) {
	s, err := l.readSettings()
	if err != nil {
		return nil, settings{}, nil, err
	}
	cfg, found, err := l.readStepConfig()
	if err != nil {
		return nil, settings{}, nil, err
	}
	if other := l.copied(cfg); other != "" {
		return nil, settings{}, nil, stapled.Errorf(stapled.ConfigInvalid, "%s is a copy of %s, whose keys and database its ca.json names: correct the paths in %s and %s",
			l, other, l.config(), l.defaults())
	}
	return cfg, s, found, nil
}

// copied finds the CA directory that ca.json points to, if that is another one:
// its paths are absolute, so a copy of a directory would keep using the keys
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
			continue // a key URI, or a path that a copy does not share
		}
		info, err := os.Stat(layout(dir).config())
		if err == nil && !os.SameFile(info, own) {
			return dir
		}
	}
	return ""
}

// unreadable says what to do about an unreadable file in the directory.
func (l layout) unreadable(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return stapled.Errorf(stapled.PermissionDenied, "%s: %w; run this as the user who owns %s", what, err, l)
	}
	return stapled.Errorf(stapled.Failed, "%s: %w", what, err)
}

// secret is a password and its origin, for error messages.
type secret struct {
	password []byte // nil if there is none, which works for unencrypted keys
	from     string
}

// findPassword returns the given password, or the one in ca.json, as step-ca
// does, or the one in the directory.
func (l layout) findPassword(given []byte, cfg *config.Config) (secret, error) {
	switch {
	case len(given) > 0:
		return secret{given, "the password given"}, nil
	case given != nil:
		return secret{}, stapled.Errorf(stapled.WrongPassword, "the password given is empty: leave it nil for the one in the directory, or give one")
	case cfg.Password != "":
		return secret{[]byte(cfg.Password), "the password in " + l.config()}, nil
	}
	s := secret{from: "the password in " + l.password()}
	raw, err := os.ReadFile(l.password())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return secret{}, l.unreadable("read the password", err)
	}
	// Trim as step-ca does.
	if s.password = bytes.TrimRightFunc(raw, unicode.IsSpace); len(s.password) == 0 {
		return secret{}, stapled.Errorf(stapled.WrongPassword, "%s is empty; put the password of the CA's keys there", l.password())
	}
	return s, nil
}

// writeFile writes a new file and syncs it to disk.
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
