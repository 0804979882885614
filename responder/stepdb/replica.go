// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// maxAhead is how far the primary's clock may be ahead of this one. The lag of a
// standby is wrong by the difference.
const maxAhead = time.Second

// queryer is what *sql.DB and *sql.Tx share.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// consistent runs a statement that returns the kind of the server that answered
// it, and returns since when its result may be out of date: zero for a primary,
// whose result is as of now.
//
//  1. Without MaxReplicationLag, only a primary counts.
//  2. With it, first ask up to when a standby has everything, then run the
//     statement, in one transaction, so that the same server answers both. What the
//     statement sees is at least as new as the first answer.
//  3. Everything until now - MaxReplicationLag must be there.
//
// After a refusal, the next statement gets a new connection: a server that has
// been demoted may keep its connections, and the name or the list of servers in
// the DSN leads to its successor.
func (s *Source) consistent(ctx context.Context, db *pool, run func(queryer) (kind string, err error)) (time.Time, error) {
	asOf, err := s.ask(ctx, db, run)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		db.reconnect()
	}
	return asOf, err
}

func (s *Source) ask(ctx context.Context, db *pool, run func(queryer) (kind string, err error)) (time.Time, error) {
	if s.cfg.MaxReplicationLag == 0 {
		kind, err := run(db)
		if err != nil {
			return time.Time{}, err
		}
		return time.Time{}, checkPrimary(kind)
	}
	now := s.cfg.Now()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	var before string
	var replayed sql.NullTime
	if err := tx.QueryRowContext(ctx, s.dialect.replayed).Scan(&before, &replayed); err != nil {
		return time.Time{}, err
	}
	kind, err := run(tx)
	switch {
	case err != nil:
		return time.Time{}, err
	case kind != kindStandby:
		return time.Time{}, checkPrimary(kind)
	case before != kindStandby:
		return time.Time{}, refusef("another server has answered than the one asked first: name the servers themselves instead of a pooler")
	}
	// OCSP counts in seconds.
	asOf := now.Truncate(time.Second).Add(-s.cfg.MaxReplicationLag)
	switch {
	case !replayed.Valid:
		return time.Time{}, refusef("the standby does not say up to when it has replayed the primary's changes")
	case replayed.Time.Before(asOf):
		return time.Time{}, refusef("the last commit that the standby has replayed is from %s, so it may be more than %s behind: if the primary is merely idle, commit something there more often",
			timetext.Stamp(replayed.Time), timetext.Duration(s.cfg.MaxReplicationLag))
	case replayed.Time.Sub(s.cfg.Now()) > maxAhead:
		return time.Time{}, refusef("the primary's clock is ahead of this one, at %s: without equal clocks nobody can say how far the standby is behind", timetext.Stamp(replayed.Time))
	}
	return asOf, nil
}

// refusal is an error about a server that has answered, and may not know the
// latest.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refusef(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// checkPrimary returns nil for a primary only.
func checkPrimary(kind string) error {
	switch kind {
	case kindPrimary:
		return nil
	case kindStandby:
		return refusef("the database server is in recovery: it is a standby, and may be behind; name the primary, or permit a replication lag")
	case kindReadOnly:
		return refusef("the database server is read-only (read_only, or default_transaction_read_only), as a replica or a former primary is; name the primary, and restrict this user by GRANT SELECT alone")
	}
	return refusef("the database server gives its kind as %q, which is unknown", kind)
}

var errSlow = errors.New("the database has not answered in time")

// failed says that a statement has failed because it took too long; the drivers'
// errors do not.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil && context.Cause(ctx) == errSlow {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}
