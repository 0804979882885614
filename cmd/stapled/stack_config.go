// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// defaultAudience is whom the echo service takes itself for.
const defaultAudience = "echo"

// stackConfig is what `stapled up` was asked for. An empty audience and empty
// addresses mean those that the directory keeps, or else echo and free ports.
type stackConfig struct {
	dir, audience                          string
	caAddress, ocspAddress, gatewayAddress string
	metricsAddress, passwordFile           string
	stapleValidity                         time.Duration
	validityGiven                          bool // or else the one that is kept
	log                                    *slog.Logger
}

// check finds mistakes before anything is made.
func (c stackConfig) check() error {
	switch {
	case c.dir == "":
		return usagef("--dir DIR is missing: name a new directory, or the one of a stack")
	case c.validityGiven && (c.stapleValidity < time.Second || c.stapleValidity%time.Second != 0):
		return usagef("--staple-validity %s is not a whole number of seconds from 1s on: OCSP counts in seconds", timetext.Duration(c.stapleValidity))
	}
	taken := make(map[string]string)
	for _, f := range []struct{ name, address string }{
		{"--ca-address", c.caAddress}, {"--ocsp-address", c.ocspAddress},
		{"--gateway-address", c.gatewayAddress}, {"--metrics-address", c.metricsAddress},
	} {
		if f.address == "" {
			continue
		}
		if err := listenaddr.Check(f.address); err != nil {
			return usagef("%s %w", f.name, err)
		}
		_, port, err := net.SplitHostPort(f.address)
		if err != nil {
			return usagef("%s %q is not HOST:PORT", f.name, f.address)
		}
		if other, twice := taken[f.address]; twice && port != "0" {
			return usagef("%s and %s are both %s: give each an address of its own", other, f.name, f.address)
		}
		taken[f.address] = f.name
	}
	return checkDir(c.dir)
}

// isNew tells whether the directory holds no stack yet.
func (c stackConfig) isNew() bool {
	_, err := os.Stat(filepath.Join(c.dir, "config"))
	return errors.Is(err, fs.ErrNotExist)
}
