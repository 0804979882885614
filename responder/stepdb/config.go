// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// DefaultTimeout is the default of Config.Timeout.
const DefaultTimeout = 5 * time.Second

// Config is the configuration of a Source. DSN and Issuer are required.
type Config struct {
	// DSN says where the database is, as step-ca's db.dataSource does: a URL that
	// begins with postgresql:// or postgres://, or
	// user:password@tcp(host:port)/database for MySQL and MariaDB. It may hold a
	// password, which no error and no log repeats.
	DSN string
	// Driver is step-ca's db.type: "postgresql" or "mysql". Empty means that the
	// DSN is a URL for PostgreSQL, and else MySQL's.
	Driver string
	// Database is the name of the database, as in step-ca's db.database. Empty
	// means the one in the DSN.
	Database string
	// Issuer is the certificate of the CA, the same as Authority.Certificate.
	// Certificates in the database that it has not signed are unknown.
	Issuer *x509.Certificate
	// MaxReplicationLag permits answers from a standby of PostgreSQL that has
	// replayed everything until this long before now. Each answer then has that
	// time as its ThisUpdate. The last commit that the standby has replayed proves
	// it, for each answer, so the clocks of the primary and of this machine must
	// agree, and something must commit on the primary more often than this: on a CA
	// that issues less often, a heartbeat. 0 means that a standby's answer is an
	// error. MySQL and MariaDB do not say reliably how far a replica is behind, so
	// there it must be 0.
	MaxReplicationLag time.Duration
	// Timeout limits the reading of one status, with the connection that it may
	// need. 0 means DefaultTimeout.
	Timeout time.Duration
	// Recorder gets the revocations that a scan finds, before the source can tell
	// that nothing has changed; nil for none.
	Recorder responder.Recorder
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger logs when scans begin to fail and when they succeed again; nil
	// discards.
	Logger *slog.Logger
}

// check returns an error if the configuration is invalid, and fills in the
// defaults.
func (c *Config) check() error {
	switch {
	case c.Issuer == nil:
		return errors.New("has no issuer")
	case !c.Issuer.BasicConstraintsValid || !c.Issuer.IsCA:
		return fmt.Errorf("has the issuer %s, which is not a CA", certname.Of(c.Issuer))
	}
	if err := certkey.Check(c.Issuer.PublicKey); err != nil {
		return fmt.Errorf("has the issuer %s with a weak key: %w", certname.Of(c.Issuer), err)
	}
	return c.checkRest()
}

// checkRest checks what does not concern the issuer.
func (c *Config) checkRest() error {
	if c.DSN == "" {
		return errors.New("has no DSN: give db.dataSource of ca.json")
	}
	switch {
	case c.MaxReplicationLag < 0:
		return fmt.Errorf("has the negative replication lag %s", timetext.Duration(c.MaxReplicationLag))
	case c.Timeout < 0:
		return fmt.Errorf("has the negative time-out %s", timetext.Duration(c.Timeout))
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
