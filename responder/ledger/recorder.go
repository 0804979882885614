// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/x509"
	"errors"
	"iter"
	"math/big"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/responder"
)

const (
	// maxRecorded limits what Record adds to a book: about 200 MB of memory and
	// 110 MB of disk. Revocations that are asked about are taken beyond it.
	maxRecorded = 2_000_000
	// maxAudited limits the audit lines of one Record: the first list of a CA may
	// have a million entries.
	maxAudited = 1000
)

// A Recorder writes down the final revocations of one CA that sources learn many
// at a time, from a list or by a scan. It implements responder.Recorder.
type Recorder struct{ book *book }

// Recorder returns the Recorder of a CA. What it records counts for each Guarded
// of that CA.
func (l *Ledger) Recorder(ca *x509.Certificate) (*Recorder, error) {
	if ca == nil {
		return nil, errors.New("ledger: no CA certificate")
	}
	b, err := l.bookOf(ca)
	if err != nil {
		return nil, err
	}
	return &Recorder{b}, nil
}

var errNoRecorder = errors.New("ledger: this Recorder was not made by Ledger.Recorder")

// Has implements responder.Recorder.
func (r *Recorder) Has(number *big.Int) bool {
	if r.book == nil {
		return false
	}
	key, err := serialOf(number)
	if err != nil {
		return false
	}
	_, known := r.book.lookup(key)
	return known
}

// Record implements responder.Recorder. It returns when everything is on disk,
// after one sync. It writes only what is new: to record a list again costs a
// look-up for each entry. If there are more new ones than it adds to the audit
// log, 1000, one line says how many.
//
// A CA has at most 2,000,000 entries by way of Record. It leaves out what is
// beyond that, and Snapshot.Omitted counts it.
//
// An error means that the disk does not have them. They are remembered while the
// process runs, and written later.
func (r *Recorder) Record(revocations iter.Seq2[*big.Int, responder.Status]) error {
	if r.book == nil {
		return errNoRecorder
	}
	if revocations == nil {
		return nil
	}
	added, omitted := 0, 0
	for number, st := range revocations {
		key, err := serialOf(number)
		if err != nil || !isFinal(st) {
			continue // nobody can ask about such a number
		}
		switch r.book.record(key, st.NotAfter, r.book.most) {
		case isNew:
			if added++; added <= maxAudited {
				r.book.audit(context.Background(), number, st)
			}
		case isOmitted:
			omitted++
		}
	}
	if added > maxAudited {
		r.book.log.Info("more certificates revoked, without a line for each", "revoked", added-maxAudited)
	}
	r.book.omit(omitted)
	return r.book.settle()
}

// omit notes that the last Record has left something out.
func (b *book) omit(omitted int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if omitted > 0 && b.omitted == 0 {
		b.log.Error("the ledger is full: of further revocations it remembers only those that are asked about. To make room, stop this program, remove the file, and start again: it records what the sources have",
			"omitted", omitted, "limit", b.most)
	}
	b.omitted += omitted
}

// audit writes the line of a revocation that is new.
func (b *book) audit(ctx context.Context, number *big.Int, st responder.Status) {
	b.log.InfoContext(ctx, "certificate revoked", "serial", "0x"+number.Text(16),
		"revocation_reason", ocspwire.CRLReason(st.Reason).String(), "revoked_at", st.RevokedAt)
}
