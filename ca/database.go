// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v2"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	"github.com/stapledjwt/stapled"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// closeTimeout bounds closing the database. Badger tries forever to write what
// it has in memory, all of which is already in its log.
const closeTimeout = 10 * time.Second

// database is the CA's own database, opened once and shared by step-ca and
// the responder.
type database struct {
	db.AuthDB
	// tables gives access to data for which AuthDB has no method.
	tables nosql.DB
	// changes counts writes; nil if other processes may write too.
	changes *changes
	// guard ends the use of a database in files; nil for an SQL server, whose
	// failures are failures of its connection.
	guard *guard
}

// tableNames are the tables that db.New creates at each start.
var tableNames = []string{
	"revoked_x509_certs", "x509_certs", "used_ott", "ssh_certs", "ssh_hosts",
	"ssh_host_principals", "ssh_users", "revoked_ssh_certs", "x509_certs_data", "x509_crl",
}

func openDatabase(cfg *db.Config, logger *slog.Logger) (*database, error) {
	if cfg == nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "ca.json configures no database (\"db\"); OCSP needs one")
	}
	if err := checkDatabaseExists(cfg); err != nil {
		return nil, err
	}
	switch strings.ToLower(cfg.Type) {
	case nosql.BBoltDriver:
		return openGuarded(cfg, newGuard(logger), openBBolt, keptOutOfBBolt)
	case nosql.BadgerV2Driver:
		return openGuarded(cfg, newGuard(logger), openBadger, keptOutOfBadger)
	case nosql.BadgerDriver, nosql.BadgerV1Driver:
		return nil, stapled.Errorf(stapled.ConfigInvalid, "ca.json: db.type %q is badger version 1, which loses acknowledged revocations when its disk is full; stapled serves bbolt, badgerv2, postgresql and mysql", cfg.Type)
	}
	auth, err := db.New(cfg)
	if err != nil {
		return nil, databaseError(cfg, err)
	}
	tables, ok := auth.(*db.DB)
	if !ok {
		return nil, errors.Join(stapled.Errorf(stapled.ConfigInvalid, "database of type %T cannot tell revocation times; use bbolt", auth), auth.Shutdown())
	}
	return &database{AuthDB: auth, tables: tables.DB}, nil
}

// checkDatabaseExists refuses to make an empty database in place of a lost one: it
// would have forgotten what the CA has issued and revoked.
func checkDatabaseExists(cfg *db.Config) error {
	if file := databaseFile(cfg); file != "" {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return stapled.Errorf(stapled.NotCADirectory, "the database %s is missing or empty; restore it, or correct its path in ca.json (to begin with a new one, start the stock step-ca once)", cfg.DataSource)
		}
	}
	return nil
}

// openGuarded opens a database in files behind a guard. It returns an error for
// a damaged file, whatever the library does with it.
func openGuarded(cfg *db.Config, g *guard, open func(*db.Config, *guard) (nosql.DB, error), keptOut func(error) bool) (*database, error) {
	type result struct {
		db  nosql.DB
		err error
	}
	opened := make(chan result, 1)
	go func() {
		var r result
		defer func() { opened <- r }()
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer recoverDamage(&r.err)
		r.db, r.err = open(cfg, g)
	}()
	var r result
	select {
	case r = <-opened:
	case <-g.failed:
		r.err = g.cause
	}
	if r.err != nil {
		return nil, databaseError(cfg, r.err)
	}
	tables := &guardedDB{inner: r.db, guard: g, keptOut: keptOut}
	for _, name := range tableNames {
		if err := tables.CreateTable([]byte(name)); err != nil {
			return nil, errors.Join(databaseError(cfg, err), closeDatabase(tables, g))
		}
	}
	// Shutdown leaves the database of a db.DB open unless db.New made it.
	return &database{AuthDB: &db.DB{DB: tables}, tables: tables, guard: g}, nil
}

// databaseFile returns a file that exists once the database does; "" if the
// database is not in files on this machine.
func databaseFile(cfg *db.Config) string {
	switch strings.ToLower(cfg.Type) {
	case nosql.BadgerDriver, nosql.BadgerV1Driver, nosql.BadgerV2Driver:
		return filepath.Join(cfg.DataSource, badger.ManifestFilename)
	case nosql.BBoltDriver:
		return cfg.DataSource
	}
	return ""
}

// createDatabase makes an empty database, a bbolt file, as step-ca would.
func createDatabase(file string) error {
	made, err := nosql.New(nosql.BBoltDriver, file)
	if err != nil {
		return err
	}
	for _, name := range tableNames {
		err = errors.Join(err, made.CreateTable([]byte(name)))
	}
	return errors.Join(err, made.Close())
}

func databaseError(cfg *db.Config, err error) error {
	var own *stapled.Error
	switch {
	case errors.As(err, &own):
		return err
	case isLocked(err):
		return stapled.Errorf(stapled.DatabaseLocked, "the database %s is in use; stop the other `stapled up` or step-ca on this directory: %w", cfg.DataSource, err)
	}
	return stapled.Errorf(stapled.Failed, "open the database %s: %w; if it is damaged, restore it", cfg.DataSource, oneLine{err})
}

func isLocked(err error) bool {
	// Badger locks its directory with flock, and some of its wrappings keep the
	// errno only in the text.
	return errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, bbolterrors.ErrTimeout) ||
		strings.Contains(err.Error(), "Another process is using this Badger database")
}

// oneLine keeps a cause and folds its text into one line.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }
func (e oneLine) Unwrap() error { return e.error }

// failed returns a channel that closes when the database must no longer be
// used; nil if that cannot happen.
func (d *database) failed() <-chan struct{} {
	if d.guard == nil {
		return nil
	}
	return d.guard.failed
}

// close closes the database; the AuthDB cannot be used afterwards.
func (d *database) close() error {
	d.changes.end()
	if d.guard == nil {
		return d.AuthDB.Shutdown()
	}
	return closeDatabase(d.tables, d.guard)
}

// closeDatabase does not touch a database whose guard has ended: its files must
// not change any more, and the process is about to end.
func closeDatabase(tables nosql.DB, g *guard) error {
	if g.check() != nil {
		return nil
	}
	closed := make(chan error, 1)
	go func() {
		var err error
		defer func() { closed <- err }()
		defer recoverDamage(&err)
		err = tables.Close()
	}()
	giveUp := time.NewTimer(closeTimeout)
	defer giveUp.Stop()
	select {
	case err := <-closed:
		return err
	case <-g.failed:
		return g.cause
	case <-giveUp.C:
		return fmt.Errorf("the database was not closed within %s; nothing acknowledged is lost, the next start goes through its log", closeTimeout)
	}
}
