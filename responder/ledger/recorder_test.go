// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"iter"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// serials are those from one number up to another, with one big.Int for all.
func serials(from, to int64, st responder.Status) iter.Seq2[*big.Int, responder.Status] {
	return func(yield func(*big.Int, responder.Status) bool) {
		n := new(big.Int)
		for i := from; i <= to; i++ {
			if !yield(n.SetInt64(i), st) {
				return
			}
		}
	}
}

// counting counts the calls to a disk.
type counting struct {
	system
	opens, syncs int
}

func (d *counting) open(name string, flag int) (file, error) {
	d.opens++
	f, err := d.system.open(name, flag)
	return countingFile{f, d}, err
}

type countingFile struct {
	file
	disk *counting
}

func (f countingFile) Sync() error {
	f.disk.syncs++
	return f.file.Sync()
}

// TestRecordWritesWhatIsNew: a list is recorded again and again, and a look-up is
// all that this costs.
func TestRecordWritesWhatIsNew(t *testing.T) {
	t.Parallel()
	d := &counting{}
	w := newWorld(t, d)
	for _, row := range []struct {
		name         string
		to           int64
		opens, syncs int
	}{
		{"a first list", 100_000, 1, 1},
		{"the same again", 100_000, 0, 0},
		{"one more", 100_001, 0, 1},
		{"a thousand more", 101_001, 1, 1},
	} {
		d.opens, d.syncs = 0, 0
		check(t, w.Record(serials(1, row.to, revoked(1, time.Time{}))))
		if d.opens != row.opens || d.syncs != row.syncs {
			t.Errorf("%s: %d files, %d syncs; want %d, %d", row.name, d.opens, d.syncs, row.opens, row.syncs)
		}
	}
	w.crash()
	d.opens, d.syncs = 0, 0
	w.open()
	check(t, w.Record(serials(1, 101_001, revoked(1, time.Time{}))))
	if d.syncs != 0 {
		t.Errorf("the same list after a restart: %d syncs", d.syncs)
	}
	if got := w.ledger.Snapshot(); got.Remembered != 101_001 || got.Unwritten != 0 {
		t.Errorf("got %+v", got)
	}
	if !w.Has(big.NewInt(101_001)) || w.Has(big.NewInt(101_002)) || w.Has(big.NewInt(-1)) {
		t.Error("Has does not say what is recorded")
	}
	if n := strings.Count(w.log(), `msg="certificate revoked"`); n > 2*maxAudited+1 {
		t.Errorf("%d audit lines", n)
	}
	if !strings.Contains(w.log(), "revoked=99000") {
		t.Errorf("the log does not say how many lines it leaves out:\n%s", w.log())
	}
}

// TestRecordedBeforeItIsAsked: the source loses a revocation that nobody has
// asked about.
func TestRecordedBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	end := start.Add(time.Hour)
	for _, row := range []struct {
		name string
		was  responder.Status
		now  responder.Status
		want string
	}{
		{"lost", revoked(1, end), good(end), "alarm"},
		{"lost with its certificate", revoked(1, end), responder.Status{}, "alarm"},
		{"a hold is lifted", revoked(6, end), good(end), "good"},
		{"removeFromCRL", revoked(8, end), good(end), "good"},
		{"it has expired", revoked(1, start.Add(-time.Minute)), good(start.Add(-time.Minute)), "good"},
		{"it has left a CRL, and nobody knows why", revoked(1, time.Time{}), good(time.Time{}), "error"},
		{"it has left a CRL, because it has expired", revoked(1, time.Time{}), good(start.Add(-time.Minute)), "good"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, system{})
			check(t, w.Record(serials(0xabc, 0xabc, row.was)))
			w.crash()
			w.open()
			w.set(row.now, nil)
			if got := w.says(number); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// TestLedgerIsFull: what is beyond the limit is counted and said once, and taken
// when somebody asks.
func TestLedgerIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	w.Recorder.book.most = 10
	check(t, w.Record(serials(1, 12, revoked(1, start.Add(time.Hour)))))
	check(t, w.Record(serials(1, 12, revoked(1, start.Add(time.Hour)))))
	if got := w.ledger.Snapshot(); got.Remembered != 10 || got.Omitted != 4 {
		t.Errorf("got %+v", got)
	}
	if n := strings.Count(w.log(), "the ledger is full"); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.log())
	}
	w.set(revoked(1, start.Add(time.Hour)), nil)
	w.says(big.NewInt(11))
	if !w.Has(big.NewInt(11)) || w.Has(big.NewInt(12)) {
		t.Error("one that is asked about is not taken, or one that is not is")
	}
}

// TestRecordOnFullDisk: a revocation of a list counts while the process runs, and
// is written when there is room.
func TestRecordOnFullDisk(t *testing.T) {
	t.Parallel()
	d := &failing{}
	w := newWorld(t, d)
	d.calls, d.at, d.forever = 0, 1, true
	end := start.Add(time.Hour)
	if err := w.Record(serials(1, 5000, revoked(1, end))); err == nil {
		t.Error("a full disk is no error")
	}
	w.set(good(end), nil)
	if got := w.says(big.NewInt(7)); got != "alarm" {
		t.Errorf("got %s, want an alarm", got)
	}
	if n := w.ledger.Snapshot().Unwritten; n != 5000 {
		t.Errorf("%d unwritten", n)
	}
	d.at, d.forever = 0, false
	w.mu.Lock()
	w.now = start.Add(2 * retryAfter)
	w.mu.Unlock()
	check(t, w.Record(serials(1, 1, revoked(1, end))))
	w.crash()
	w.open()
	if n := w.ledger.Snapshot().Remembered; n != 5000 {
		t.Errorf("%d on disk", n)
	}
}
