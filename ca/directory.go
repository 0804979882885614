// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/stapledjwt/stapled"
)

// initialized reports whether the directory already holds one of our CAs.
func (l layout) initialized(cfg InitConfig) (bool, error) {
	entries, err := os.ReadDir(string(l))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, stapled.Errorf(stapled.Failed, "look into %s: %w", l, err)
	case len(entries) == 0:
		return false, l.checkReplaceable()
	}
	found, err := exists(l.settings())
	if err == nil && !found {
		if found, err = exists(l.config()); err == nil && found {
			return false, l.withoutSettings()
		}
		if err == nil {
			return false, stapled.Errorf(stapled.DirectoryNotEmpty, "%s is not empty and not a CA of stapled; choose a new or empty directory", l)
		}
	}
	if err != nil {
		return false, stapled.Errorf(stapled.Failed, "look into %s: %w", l, err)
	}
	stepCfg, s, err := l.load()
	if err != nil {
		return false, err
	}
	// The addresses are already in certificates, so asking for others cannot change
	// them.
	for what, pair := range map[string][2]string{"CA": {cfg.CAAddress, stepCfg.Address}, "OCSP": {cfg.OCSPAddress, s.OCSPAddress}} {
		wanted, kept := pair[0], pair[1]
		if wanted != "" && !strings.HasSuffix(wanted, ":0") && wanted != kept {
			return false, stapled.Errorf(stapled.ConfigInvalid, "%s keeps its %s address %s; leave the address out, or create another directory for %s", l, what, kept, wanted)
		}
	}
	return true, nil
}

// exists distinguishes a missing file from one that cannot be examined. If a
// file takes the place of its directory, it is missing.
func exists(name string) (bool, error) {
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}

// checkReplaceable refuses the working directory: a process working there would
// be left in a directory that no longer exists.
func (l layout) checkReplaceable() error {
	here, hereErr := os.Stat(".")
	there, err := os.Stat(string(l))
	if hereErr == nil && err == nil && os.SameFile(here, there) {
		return stapled.Errorf(stapled.ConfigInvalid, "%s is the working directory, which cannot be replaced; name a directory below it, or go to the one above it", l)
	}
	return nil
}
