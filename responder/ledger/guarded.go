// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
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
				if g.book.record(key, st.NotAfter, math.MaxInt) == isNew {
					g.book.audit(ctx, number, st)
				}
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
