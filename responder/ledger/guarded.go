// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/responder"
)

// A Guarded is a source that never takes back a final revocation.
type Guarded struct {
	book   *book
	source responder.Source
	now    func() time.Time
}

var errNotGuarded = errors.New("ledger: this Guarded was not made by Ledger.Guard")

// Status implements responder.Source:
//
//  1. The source fails: its error.
//  2. The source says revoked: revoked. If that is final, it is written down
//     first.
//  3. Nothing is written down about the serial: what the source says.
//  4. The certificate has expired: what the source says.
//  5. Otherwise, an error. Unless nobody knows when the certificate expires, it
//     is responder.ErrRevocationLost.
func (g *Guarded) Status(ctx context.Context, number *big.Int) (responder.Status, error) {
	if g.book == nil {
		return responder.Status{}, errNotGuarded
	}
	key, err := serialOf(number)
	if err != nil {
		return responder.Status{}, err
	}
	for {
		_, before := g.book.lookup(key)
		st, err := g.source.Status(ctx, number)
		if err != nil {
			return responder.Status{}, err
		}
		if st.Code == responder.Revoked {
			if isFinal(st) {
				g.record(ctx, key, number, st)
				// An error must not suppress the revocation. The log and the Snapshot
				// have it.
				_ = g.book.settle()
			}
			g.book.found(key)
			return st, nil
		}
		g.book.retry()
		end, known := g.book.lookup(key)
		if !known {
			return st, nil
		}
		if !before {
			continue // it was revoked while the source was asked
		}
		return g.contradict(key, end, st)
	}
}

// contradict decides about a status that is not revoked, about a serial that
// was revoked for good.
func (g *Guarded) contradict(key serial, end time.Time, st responder.Status) (responder.Status, error) {
	if st.NotAfter.After(end) {
		end = st.NotAfter
	}
	switch {
	case end.IsZero():
		g.book.missed(key, end)
		return responder.Status{}, errors.New("ledger: the source no longer says that this certificate is revoked, and nobody knows whether it has expired")
	case g.now().After(end):
		g.book.found(key)
		return st, nil
	}
	g.book.missed(key, end)
	return responder.Status{}, fmt.Errorf("ledger: %w", responder.ErrRevocationLost)
}

func isFinal(st responder.Status) bool {
	return st.Code == responder.Revoked && ocspwire.CRLReason(st.Reason).IsFinal()
}

// Version implements responder.Versioned with the version of the source: what
// the ledger knows about a serial changes only when the source does. It cannot
// tell if the source cannot.
func (g *Guarded) Version(number *big.Int) (uint64, bool) {
	if v, ok := g.source.(responder.Versioned); ok {
		return v.Version(number)
	}
	return 0, false
}

// Record writes down the final revocations among these, without waiting until
// somebody asks about them. Call it when a source has found them, and before
// its Version grows. An error means that they are not on disk; they are
// remembered while the process runs.
func (g *Guarded) Record(revocations iter.Seq2[*big.Int, responder.Status]) error {
	if g.book == nil {
		return errNotGuarded
	}
	if revocations == nil {
		return nil
	}
	for number, st := range revocations {
		key, err := serialOf(number)
		if err != nil || !isFinal(st) {
			continue // nobody can ask about such a number
		}
		g.record(context.Background(), key, number, st)
	}
	return g.book.settle()
}

// record remembers a final revocation, and writes an audit line if it is new.
func (g *Guarded) record(ctx context.Context, key serial, number *big.Int, st responder.Status) {
	if g.book.record(key, st.NotAfter) {
		g.book.log.InfoContext(ctx, "certificate revoked", "serial", "0x"+number.Text(16),
			"revocation_reason", ocspwire.CRLReason(st.Reason).String(), "revoked_at", st.RevokedAt)
	}
}
