// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// server is a database server of one page: it knows the statements of one
// dialect, and keeps the tables in maps.
type server struct {
	mu              sync.Mutex
	kind            string
	lasting         bool   // a connection keeps the kind that it began with
	connections     int    // so far
	replayed        any    // a time, or nil
	replayedKind    string // if not empty, of the server that says what it has replayed
	certs, data     map[string]any
	revoked         map[string]any
	err             error         // of every statement
	slow            chan struct{} // if not nil, statements wait for it, or for their context
	took            time.Duration // by every statement
	statuses, scans int           // statements so far
	joins           int           // of those that read all revocations
	breakAfter      int           // if positive, a scan fails after this many rows
}

func newServer() *server {
	return &server{kind: kindPrimary, certs: map[string]any{}, data: map[string]any{}, revoked: map[string]any{}}
}

// set changes the server under its lock.
func (s *server) set(edit func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(s)
}

// issue stores a certificate.
func (s *server) issue(party *testca.Party) {
	s.set(func(s *server) { s.certs[party.Cert.SerialNumber.String()] = party.Cert.Raw })
}

// revoke stores a revocation as step-ca does.
func (s *server) revoke(serial string, reason int) {
	s.set(func(s *server) {
		s.revoked[serial] = revocationOf(serial, reason)
	})
}

func revocationOf(serial string, reason int) []byte {
	record, err := json.Marshal(map[string]any{
		"Serial": serial, "ProvisionerID": "p", "ReasonCode": reason, "Reason": "", "RevokedAt": testca.Now,
		"ExpiresAt": testca.Now.Add(time.Hour), "TokenID": "", "MTLS": false, "ACME": false,
	})
	if err != nil {
		panic(err)
	}
	return record
}

// Connect implements driver.Connector. A connection keeps the kind that the server
// has now, like one to a server that is replaced later.
func (s *server) Connect(context.Context) (driver.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	return conn{s, s.kind}, nil
}

func (s *server) Driver() driver.Driver { return nil }

type conn struct {
	*server
	connectedTo string
}

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (conn) Close() error                        { return nil }
func (conn) Begin() (driver.Tx, error)           { return transaction{}, nil }

type transaction struct{}

func (transaction) Commit() error   { return nil }
func (transaction) Rollback() error { return nil }

// QueryContext implements driver.QueryerContext.
func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.mu.Lock()
	slow, took := c.slow, c.took
	c.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	time.Sleep(took) // of a bubble's clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	kind := c.kind
	if c.lasting {
		kind = c.connectedTo
	}
	switch query {
	case postgres.status:
		c.statuses++
		key := args[0].Value.([]byte)
		cert, issued := c.certs[string(key)]
		revocation, revoked := c.revoked[string(key)]
		return &rows{values: [][]driver.Value{{kind, issued, cert, revoked, revocation}}}, nil
	case postgres.scan:
		c.scans++
		all := [][]driver.Value{{kind, nil}}
		for key := range c.revoked {
			all = append(all, []driver.Value{nil, []byte(key)})
		}
		if c.breakAfter > 0 {
			return &rows{values: all[:c.breakAfter], err: driver.ErrBadConn}, nil
		}
		return &rows{values: all}, nil
	case postgres.revoked:
		c.joins++
		all := [][]driver.Value{}
		for key, revocation := range c.revoked {
			cert, issued := c.certs[key]
			all = append(all, []driver.Value{kind, []byte(key), issued, cert, revocation})
		}
		return &rows{values: all}, nil
	case postgres.list:
		all := [][]driver.Value{}
		for key, cert := range c.certs {
			revocation, revoked := c.revoked[key]
			all = append(all, []driver.Value{kind, []byte(key), cert, c.data[key], revoked, revocation})
		}
		if len(all) == 0 {
			all = append(all, []driver.Value{kind, nil, nil, nil, false, nil})
		}
		return &rows{values: all}, nil
	case postgres.replayed:
		if c.replayedKind != "" {
			kind = c.replayedKind
		}
		return &rows{values: [][]driver.Value{{kind, c.replayed}}}, nil
	}
	return nil, fmt.Errorf("unknown statement: %s", query)
}

type rows struct {
	values [][]driver.Value
	err    error
}

func (r *rows) Columns() []string {
	if len(r.values) == 0 {
		return nil
	}
	return strings.Split(strings.Repeat(",", len(r.values[0])-1), ",")
}

func (r *rows) Close() error { return nil }

func (r *rows) Next(dest []driver.Value) error {
	if len(r.values) == 0 {
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	copy(dest, r.values[0])
	r.values = r.values[1:]
	return nil
}

// sourceOf returns a source of a CA on a server.
func sourceOf(tb testing.TB, s *server, issuer *testca.Party, edit func(*Config)) *Source {
	tb.Helper()
	cfg := Config{DSN: "postgresql://fake/", Issuer: issuer.Cert}
	if edit != nil {
		edit(&cfg)
	}
	if err := cfg.check(); err != nil {
		tb.Fatal(err)
	}
	source := newSource(cfg, &postgres, func(n int) *pool { return newPool(sql.OpenDB(s), n) })
	tb.Cleanup(func() {
		if err := source.Close(); err != nil {
			tb.Error(err)
		}
	})
	return source
}
