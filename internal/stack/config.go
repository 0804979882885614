// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// defaultAudience is the audience of the echo service unless --audience names
// another.
const defaultAudience = "echo"

// Config holds the options of `stapled up`. An empty audience and empty
// addresses mean those kept in the directory, or else echo and free ports.
type Config struct {
	Dir, Audience                          string
	CAAddress, OCSPAddress, GatewayAddress string
	MetricsAddress, PasswordFile           string
	StapleValidity                         time.Duration
	ValidityGiven                          bool // false uses the kept one
	Log                                    *slog.Logger
}

// Check finds mistakes before anything is created.
func (c Config) Check() error {
	switch {
	case c.Dir == "":
		return cli.Usagef("--dir DIR is missing: name a new directory, or the one of a stack")
	case c.ValidityGiven && (c.StapleValidity < time.Second || c.StapleValidity%time.Second != 0):
		return cli.Usagef("--staple-validity %s must be a whole number of seconds, 1s or more: OCSP counts in seconds", timetext.Duration(c.StapleValidity))
	}
	taken := make(map[string]string)
	for _, f := range []struct{ name, address string }{
		{"--ca-address", c.CAAddress}, {"--ocsp-address", c.OCSPAddress},
		{"--gateway-address", c.GatewayAddress}, {"--metrics-address", c.MetricsAddress},
	} {
		if f.address == "" {
			continue
		}
		if err := listenaddr.Check(f.address); err != nil {
			return cli.Usagef("%s %w", f.name, err)
		}
		_, port, err := net.SplitHostPort(f.address)
		if err != nil {
			return cli.Usagef("%s %q is not HOST:PORT", f.name, f.address)
		}
		if other, twice := taken[f.address]; twice && port != "0" {
			return cli.Usagef("%s and %s are both %s: give each its own address", other, f.name, f.address)
		}
		taken[f.address] = f.name
	}
	return cli.CheckDir(c.Dir)
}

// isNew reports whether the directory holds no stack yet.
func (c Config) isNew() bool {
	_, err := os.Stat(filepath.Join(c.Dir, "config"))
	return errors.Is(err, fs.ErrNotExist)
}
