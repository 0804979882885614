// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"os"
	"strings"

	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// dataTable maps decimal serials to a db.CertificateData in JSON.
var dataTable = []byte("x509_certs_data")

// Certificates returns every certificate that the CA in dir has issued, in no
// order, as of one moment. A bbolt file and an SQL server can be read while the
// CA runs; a badger directory only while nobody else uses it, and it may be
// repaired as at a start. Needs config/ca.json only. The sequence ends with the
// first error.
func Certificates(ctx context.Context, dir string) iter.Seq2[stepdb.Certificate, error] {
	return func(yield func(stepdb.Certificate, error) bool) {
		cfg, err := databaseOf(dir)
		if err != nil {
			yield(stepdb.Certificate{}, err)
			return
		}
		each := certificatesInFiles
		if !inFiles(cfg) {
			each = certificatesOnServer
		}
		if err := each(ctx, cfg, func(c stepdb.Certificate) bool { return yield(c, nil) }); err != nil {
			yield(stepdb.Certificate{}, err)
		}
	}
}

// databaseOf reads which database the CA in a directory has.
func databaseOf(dir string) (*db.Config, error) {
	l, err := newLayout(dir)
	if err != nil {
		return nil, err
	}
	cfg, _, err := l.readStepConfig()
	if err != nil {
		return nil, err
	}
	if other := l.copied(cfg); other != "" {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "%s is a copy of %s, whose database its ca.json names: correct the paths in %s", l, other, l.config())
	}
	if cfg.DB == nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "%s configures no database (\"db\"), so the CA does not remember what it has issued", l.config())
	}
	return cfg.DB, nil
}

func certificatesOnServer(ctx context.Context, cfg *db.Config, yield func(stepdb.Certificate) bool) error {
	for c, err := range stepdb.Certificates(ctx, stepdb.Config{Driver: strings.ToLower(cfg.Type), DSN: cfg.DataSource, Database: cfg.Database}) {
		if err != nil {
			return stapled.Errorf(stapled.Failed, "read the certificates from the CA's database: %w", err)
		}
		if !yield(c) {
			break
		}
	}
	return nil
}

func certificatesInFiles(ctx context.Context, cfg *db.Config, yield func(stepdb.Certificate) bool) (err error) {
	if err := checkDatabaseExists(cfg); err != nil {
		return err
	}
	read := *cfg
	if strings.EqualFold(cfg.Type, nosql.BBoltDriver) {
		// Errors name the database itself, not the copy.
		if _, err := checkBBoltFile(cfg.DataSource); err != nil {
			return databaseError(cfg, err)
		}
		dir, err := os.MkdirTemp("", "stapled-certs-")
		if err != nil {
			return stapled.Errorf(stapled.Failed, "copy the database: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if read.DataSource, err = copyBBolt(ctx, cfg.DataSource, dir); err != nil {
			return databaseError(cfg, err)
		}
	}
	opened, err := openDatabase(&read, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.close()) }()
	return opened.certificates(ctx, yield)
}

// certificates calls yield until it returns false.
func (d *database) certificates(ctx context.Context, yield func(stepdb.Certificate) bool) error {
	values := make(map[string]map[string][]byte)
	for _, table := range [][]byte{dataTable, revokedTable} {
		entries, err := d.tables.List(table)
		if err != nil {
			return stapled.Errorf(stapled.Failed, "read the table %s: %w", table, err)
		}
		byKey := make(map[string][]byte, len(entries))
		for _, e := range entries {
			byKey[string(e.Key)] = e.Value
		}
		values[string(table)] = byKey
	}
	entries, err := d.tables.List(certsTable)
	if err != nil {
		return stapled.Errorf(stapled.Failed, "read the table %s: %w", certsTable, err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		r := stepdb.Record{Key: string(e.Key), Certificate: e.Value, Data: values[string(dataTable)][string(e.Key)]}
		r.Revocation, r.Revoked = values[string(revokedTable)][string(e.Key)]
		c, err := r.Read()
		if err != nil {
			return stapled.Errorf(stapled.DatabaseDamaged, "%w", err)
		}
		if !yield(c) {
			return nil
		}
	}
	return nil
}
