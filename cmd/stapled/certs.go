// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/inventory"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

type certsFlags struct {
	db, dbFile, dir, name string
	alive                 bool
}

func newCertsCommand(a *app) *cobra.Command {
	var f certsFlags
	cmd := &cobra.Command{
		Use:   "certs (--dir DIR | --db-file FILE | --db DSN) [--name N] [--alive]",
		Short: "List what a CA has issued, and what is still alive",
		Long: `List the certificates that a step-ca has issued, the oldest first: whether each
is alive, when it ends, its serial number, who authorized it, its names, and
when and why it was revoked.

--dir names a directory of "stapled up" or of the stock step-ca. On bbolt, which
"stapled up" uses, and on an SQL server, the CA may run meanwhile; nothing is
written. A badger database can only be read while the CA is stopped.

--db names the database of a running step-ca, PostgreSQL, MySQL or MariaDB, as
db.dataSource in ca.json does, with the name of the database at its end. The
list of processes shows it to everybody: if it has a password, write it to a file
and use --db-file. The user needs SELECT on x509_certs, x509_certs_data and
revoked_x509_certs.

The certificates of the CA itself, and of its TLS server, are not in its
database.`,
		Example: `  stapled certs --dir ./stack --alive
  stapled certs --dir ./stack --name orders.internal --json
  stapled certs --db postgresql://reader@db.internal/stepca --alive
  stapled certs --db 'reader@tcp(db.internal:3306)/stepca'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return a.certs(ctx, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", "", "`DIR`: directory of the CA")
	flags.StringVar(&f.dbFile, "db-file", "", "`FILE`: file with the DSN of the CA's database")
	flags.StringVar(&f.db, "db", "", "`DSN`: DSN of the CA's database")
	flags.StringVar(&f.name, "name", "", "`N`: only certificates with this name: a DNS name in any case, or a URI, IP or mail address exactly")
	flags.BoolVar(&f.alive, "alive", false, "only certificates that are neither revoked nor expired")
	cli.InGroup(cmd, "Where to look", "dir", "db-file", "db")
	return cmd
}

// maxDSN is far more than a DSN has.
const maxDSN = 16 << 10

// source returns the certificates in the one place that the flags name.
func (f certsFlags) source(ctx context.Context) (iter.Seq2[stepdb.Certificate, error], error) {
	given := 0
	for _, value := range []string{f.dir, f.db, f.dbFile} {
		if value != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, cli.Usagef("give one of --dir, --db-file and --db, to say which CA")
	case f.dir != "":
		if err := cli.CheckDir(f.dir); err != nil {
			return nil, err
		}
		return ca.Certificates(ctx, f.dir), nil
	case f.dbFile != "":
		info, err := os.Stat(f.dbFile)
		if err == nil && info.Size() > maxDSN {
			err = fmt.Errorf("%s has %d bytes, which is too much for a DSN", f.dbFile, info.Size())
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(f.dbFile)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: give --db-file the file with the DSN", err)
		}
		f.db = strings.TrimSpace(string(data))
	}
	return stepdb.Certificates(ctx, stepdb.Config{DSN: f.db}), nil
}

func (a *app) certs(ctx context.Context, f certsFlags) error {
	all, err := f.source(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	found, err := inventory.List(all, inventory.Query{Name: f.name, Alive: f.alive}, now)
	if err != nil {
		return err
	}
	if a.JSON {
		for _, c := range found {
			if err := a.PrintJSON(c); err != nil {
				return err
			}
		}
		return nil
	}
	if len(found) == 0 {
		return a.Print("no certificates\n")
	}
	return a.Print(inventory.Table(terminal.Of(a.Stdout), found, now))
}
