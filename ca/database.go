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
	"reflect"
	"strings"
	"syscall"
	"unsafe"

	"github.com/dgraph-io/badger/v2"
	"github.com/dgraph-io/badger/v2/options"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	badgerv2 "github.com/smallstep/nosql/badger/v2"
)

// database is the CA's own database, opened once and shared by step-ca and
// the responder.
type database struct {
	db.AuthDB
	// tables gives access to what AuthDB has no method for.
	tables nosql.DB
	// changes counts writes; nil if other processes may write too.
	changes *changes
	// own says that AuthDB leaves tables open at Shutdown.
	own bool
}

// tableNames are the tables that db.New creates at each start.
var tableNames = []string{
	"revoked_x509_certs", "x509_certs", "used_ott", "ssh_certs", "ssh_hosts",
	"ssh_host_principals", "ssh_users", "revoked_ssh_certs", "x509_certs_data", "x509_crl",
}

func openDatabase(cfg *db.Config, logger *slog.Logger) (*database, error) {
	if cfg == nil {
		return nil, fail(Misconfigured, "ca.json configures no database (\"db\"); OCSP needs one")
	}
	// An empty database in the place of a lost one would have forgotten what the
	// CA has issued and revoked.
	if file := databaseFile(cfg); file != "" {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fail(NotACA, "the database %s is missing or empty; restore it, or correct its path in ca.json (to begin with a new one, start the stock step-ca once)", cfg.DataSource)
		}
	}
	if strings.EqualFold(cfg.Type, nosql.BadgerV2Driver) {
		if wrapper, field, ok := badgerWrapper(); ok {
			return openBadger(cfg, logger, wrapper, field)
		}
	}
	auth, err := db.New(cfg)
	if err != nil {
		return nil, databaseError(cfg, err)
	}
	tables, ok := auth.(*db.DB)
	if !ok {
		return nil, errors.Join(fail(Misconfigured, "database of type %T cannot tell revocation times; use badgerv2", auth), auth.Shutdown())
	}
	return &database{AuthDB: auth, tables: tables.DB}, nil
}

// databaseFile is a file that the database has once it exists; "" if it is not
// in files of this machine.
func databaseFile(cfg *db.Config) string {
	switch strings.ToLower(cfg.Type) {
	case nosql.BadgerDriver, nosql.BadgerV1Driver, nosql.BadgerV2Driver:
		return filepath.Join(cfg.DataSource, badger.ManifestFilename)
	case nosql.BBoltDriver:
		return cfg.DataSource
	}
	return ""
}

// badgerWrapper finds the only field of nosql's wrapper around badger, which is
// unexported. It finds nothing should a later nosql look different; the
// database then opens the usual way, only louder.
func badgerWrapper() (*badgerv2.DB, reflect.Value, bool) {
	wrapper := new(badgerv2.DB)
	field := reflect.ValueOf(wrapper).Elem().FieldByName("db")
	return wrapper, field, field.IsValid() && field.Type() == reflect.TypeFor[*badger.DB]()
}

// openBadger does what db.New does, with one difference: nosql opens badger
// with a logger that writes to stderr, and offers no way to change it. So
// badger is opened here and put into the field of nosql's wrapper.
func openBadger(cfg *db.Config, logger *slog.Logger, wrapper *badgerv2.DB, field reflect.Value) (*database, error) {
	opts := badger.DefaultOptions(cfg.DataSource).WithLogger(badgerLogger{logger})
	if cfg.ValueDir != "" {
		opts = opts.WithValueDir(cfg.ValueDir)
	}
	if strings.EqualFold(cfg.BadgerFileLoadingMode, nosql.BadgerFileIO) {
		opts = opts.WithValueLogLoadingMode(options.FileIO)
	}
	opened, err := badger.Open(opts)
	if err != nil {
		return nil, databaseError(cfg, err)
	}
	*(**badger.DB)(unsafe.Pointer(field.UnsafeAddr())) = opened
	for _, name := range tableNames {
		if err := wrapper.CreateTable([]byte(name)); err != nil {
			return nil, errors.Join(databaseError(cfg, err), wrapper.Close())
		}
	}
	// A db.DB that db.New has not made leaves its database open at Shutdown.
	return &database{AuthDB: &db.DB{DB: wrapper}, tables: wrapper, own: true}, nil
}

// createDatabase makes an empty database in a new directory.
func createDatabase(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	opened, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		return err
	}
	return opened.Close()
}

func databaseError(cfg *db.Config, err error) error {
	// Badger locks its directory with flock and keeps the errno in the text only
	// in some of its wrappings.
	if errors.Is(err, syscall.EWOULDBLOCK) || strings.Contains(err.Error(), "Another process is using this Badger database") {
		return fail(Locked, "the database %s is in use; stop the other `stapled up` or step-ca on this directory: %w", cfg.DataSource, err)
	}
	return fail(Failed, "open the database %s: %w; if it is damaged, restore it", cfg.DataSource, err)
}

// close closes the database; the AuthDB is of no use afterwards.
func (d *database) close() error {
	d.changes.end()
	if d.own {
		return d.tables.Close()
	}
	return d.AuthDB.Shutdown()
}

// badgerLogger passes badger's lines to slog. What badger calls information
// is about its files, so it is a debug line here.
type badgerLogger struct{ *slog.Logger }

func (l badgerLogger) Errorf(format string, args ...any) {
	l.Error("database", "message", badgerLine(format, args))
}

func (l badgerLogger) Warningf(format string, args ...any) {
	l.Warn("database", "message", badgerLine(format, args))
}

func (l badgerLogger) Infof(format string, args ...any) {
	l.Logger.Debug("database", "message", badgerLine(format, args))
}

func (l badgerLogger) Debugf(string, ...any) {}

func badgerLine(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
