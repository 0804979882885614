// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// The values of Config.Driver, as in step-ca's db.type.
const (
	PostgreSQL = "postgresql"
	MySQL      = "mysql"
)

// Limits of the connections to one database.
const (
	// maxConnections bounds those that read statuses. Scans have one of their own,
	// so that requests cannot hold them up.
	maxConnections = 8
	// maxConnectionLife makes a pool follow a name that has moved to another server.
	maxConnectionLife = 5 * time.Minute
)

// dialect holds the statements. Each returns the kind of the server first; see
// kind.
type dialect struct {
	// status takes the serial, once for each placeholder.
	status       string
	placeholders int
	// scan returns the kind in one row, and every key of the revocations in others.
	scan string
	// revoked returns what status does, after the serial, for every revocation.
	revoked string
	// list returns the certificates.
	list string
	// replayed returns the kind, and up to when a standby has everything; empty if
	// the server cannot say.
	replayed string
}

// statusFrom reads certificate and revocation as of one moment. It has one row,
// whether or not either exists.
const statusFrom = `, c.nkey IS NOT NULL, c.nvalue, r.nkey IS NOT NULL, r.nvalue
FROM (SELECT 1) AS one
LEFT JOIN x509_certs AS c ON c.nkey = %[1]s
LEFT JOIN revoked_x509_certs AS r ON r.nkey = %[1]s`

const scanFrom = ` UNION ALL SELECT NULL, nkey FROM revoked_x509_certs`

// The left joins give one row even if there is no revocation.
const revokedFrom = `, r.nkey, c.nkey IS NOT NULL, c.nvalue, r.nvalue
FROM (SELECT 1) AS one
LEFT JOIN revoked_x509_certs AS r ON TRUE
LEFT JOIN x509_certs AS c ON c.nkey = r.nkey`

// The left join gives one row even if there is no certificate.
const listFrom = `, c.nkey, c.nvalue, d.nvalue, r.nkey IS NOT NULL, r.nvalue
FROM (SELECT 1) AS one
LEFT JOIN x509_certs AS c ON TRUE
LEFT JOIN x509_certs_data AS d ON d.nkey = c.nkey
LEFT JOIN revoked_x509_certs AS r ON r.nkey = c.nkey`

// A server's kind, as the statements return it.
const (
	kindPrimary  = "primary"
	kindStandby  = "standby"
	kindReadOnly = "read-only"
)

const postgresKind = `SELECT CASE WHEN pg_is_in_recovery() THEN 'standby'
WHEN current_setting('transaction_read_only') <> 'off' THEN 'read-only' ELSE 'primary' END`

var postgres = dialect{
	status:       postgresKind + fmt.Sprintf(statusFrom, "$1"),
	placeholders: 1,
	scan:         postgresKind + ", NULL::bytea" + scanFrom,
	revoked:      postgresKind + revokedFrom,
	list:         postgresKind + listFrom,
	// The time of the last commit that the standby has replayed. What the WAL
	// receiver has heard from the primary would also tell an idle primary from one
	// that is far ahead, but not reliably: a keepalive says what was sent, not what
	// there is to send.
	replayed: postgresKind + `, pg_last_xact_replay_timestamp()`,
}

// Newer servers of MariaDB give read_only as a word. super_read_only implies
// read_only.
const mysqlKind = `SELECT CASE WHEN CAST(@@global.read_only AS CHAR) IN ('0', 'OFF') AND CAST(@@global.innodb_read_only AS CHAR) IN ('0', 'OFF')
THEN 'primary' ELSE 'read-only' END`

var mariadb = dialect{
	status:       mysqlKind + fmt.Sprintf(statusFrom, "?"),
	placeholders: 2,
	scan:         mysqlKind + ", NULL" + scanFrom,
	revoked:      mysqlKind + revokedFrom,
	list:         mysqlKind + listFrom,
}

var errMySQLDSN = errors.New("has a DSN that MySQL cannot read: write it as user:password@tcp(host:port)/database, or begin it with postgresql:// for PostgreSQL")

// open finds the dialect, and makes a pool that has not connected yet. Its errors
// leave out those of the drivers, which may repeat the DSN.
func open(cfg *Config) (*dialect, func(connections int) *pool, error) {
	var connect func() *sql.DB
	d := &mariadb
	isURL := strings.HasPrefix(cfg.DSN, "postgresql://") || strings.HasPrefix(cfg.DSN, "postgres://")
	switch {
	case cfg.Driver == PostgreSQL, cfg.Driver == "" && isURL:
		parsed, err := pgx.ParseConfig(cfg.DSN)
		if err != nil {
			return nil, nil, errors.New("has a DSN that PostgreSQL cannot read: write it as postgresql://user:password@host:port/database, with % escapes in the password")
		}
		if cfg.Database != "" {
			parsed.Database = cfg.Database
		}
		if parsed.ConnectTimeout == 0 {
			parsed.ConnectTimeout = cfg.Timeout
		}
		d, connect = &postgres, func() *sql.DB { return stdlib.OpenDB(*parsed) }
	case cfg.Driver == MySQL, cfg.Driver == "":
		parsed, err := mysql.ParseDSN(cfg.DSN)
		if err != nil || strings.HasPrefix(cfg.DSN, "mysql://") {
			return nil, nil, errMySQLDSN
		}
		if cfg.Database != "" {
			parsed.DBName = cfg.Database
		}
		if parsed.DBName == "" {
			return nil, nil, errors.New("names no database: add it to the DSN, or give db.database of ca.json")
		}
		for _, limit := range []*time.Duration{&parsed.Timeout, &parsed.WriteTimeout} {
			if *limit == 0 {
				*limit = cfg.Timeout
			}
		}
		parsed.InterpolateParams = true // one round trip instead of three
		parsed.Logger = &mysql.NopLogger{}
		connector, err := mysql.NewConnector(parsed)
		if err != nil {
			return nil, nil, errMySQLDSN
		}
		connect = func() *sql.DB { return sql.OpenDB(connector) }
	default:
		return nil, nil, fmt.Errorf("has the driver %q, which must be %q or %q", cfg.Driver, PostgreSQL, MySQL)
	}
	if cfg.MaxReplicationLag > 0 && d.replayed == "" {
		return nil, nil, errors.New("permits a replication lag, which MySQL and MariaDB do not tell reliably: name the primary, and leave the lag out")
	}
	return d, func(connections int) *pool { return newPool(connect(), connections) }, nil
}

// pool is a bounded number of connections.
type pool struct {
	*sql.DB
	connections int

	mu          sync.Mutex
	reconnected time.Time
}

func newPool(db *sql.DB, connections int) *pool {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(maxConnectionLife)
	return &pool{DB: db, connections: connections}
}

// reconnect closes the connections that are not in use; at most once a second,
// because a server that stays refused should not see a connection for each
// request.
func (p *pool) reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.reconnected) < time.Second {
		return
	}
	p.reconnected = time.Now()
	p.SetMaxIdleConns(-1)
	p.SetMaxIdleConns(p.connections)
}
