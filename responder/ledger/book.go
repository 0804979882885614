// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// keptAfter is how long an entry stays after its certificate has expired: a
	// clock that is a day ahead makes the ledger forget nothing.
	keptAfter = 24 * time.Hour
	// retryAfter is the time from a failed write to the next.
	retryAfter = time.Second
	// maxAppended is how many records are appended in one write. More are written
	// to a new file: pages of a long write may reach the disk in any order.
	maxAppended = 64
	// compactAfter is how many records a file may have beyond twice those that it
	// had after it was last rewritten.
	compactAfter = 4096
)

// entry is what is remembered about a serial.
type entry struct {
	notAfter int64 // in seconds since 1970; 0 if unknown
	written  bool  // it is on disk
}

func (e entry) expired(now time.Time, by time.Duration) bool {
	return e.notAfter != 0 && now.Add(-by).Unix() > e.notAfter
}

// book is the file of a CA, and what is in it.
type book struct {
	name, id string
	disk     disk
	now      func() time.Time
	log      *slog.Logger

	most int // entries, as far as Record adds them

	// pending is the number of entries that are not written.
	pending atomic.Int64

	mu      sync.RWMutex
	entries map[serial]entry
	// missing holds the entries that the source does not call revoked, and the
	// end of validity as in an entry.
	missing map[serial]int64
	queue   []serial // entries that are not written
	err     error    // of the last write
	omitted int      // by Record, because the book is full

	// writing guards what follows. It is taken before mu.
	writing sync.Mutex
	file    file // nil if closed
	size    int64
	records int
	limit   int // of records, before the file is rewritten
	failed  time.Time
}

func openBook(name, id string, disk disk, now func() time.Time, log *slog.Logger) (*book, error) {
	b := &book{name: name, id: id, disk: disk, now: now, log: log, most: maxRecorded, missing: make(map[serial]int64)}
	in, err := os.OpenFile(name, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c, err := read(in, name, id)
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	b.entries, b.size, b.records = c.entries, c.size, c.records
	if c.torn > 0 {
		log.Warn("removed an unfinished write from the end of the ledger of revocations", "bytes", c.torn)
	}
	if b.size == 0 {
		if err := b.rewrite(); err != nil {
			return nil, err
		}
		return b, nil
	}
	if b.file, err = disk.open(name, os.O_WRONLY); err != nil {
		return nil, err
	}
	if c.torn > 0 {
		// In place: a full disk may be why the write was not finished.
		if err := errors.Join(b.file.Truncate(b.size), b.file.Sync()); err != nil {
			return nil, errors.Join(err, b.file.Close())
		}
	}
	live := 0
	for _, e := range b.entries {
		if !e.expired(now(), keptAfter) {
			live++
		}
	}
	if b.limit = 2*live + compactAfter; b.records > b.limit {
		if err := b.rewrite(); err != nil {
			log.Warn("the ledger of revocations keeps expired entries", "error", err)
		}
	}
	return b, nil
}

// lookup returns the end of validity that is remembered, zero if unknown.
func (b *book) lookup(s serial) (notAfter time.Time, known bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	e, known := b.entries[s]
	if e.notAfter != 0 {
		notAfter = time.Unix(e.notAfter, 0)
	}
	return notAfter, known
}

// recorded says what became of a revocation.
type recorded int

const (
	isKnown recorded = iota + 1
	isNew
	isOmitted // there are too many
)

// record remembers a serial, unless it is a new one and the book has the limit
// already. It takes settle to write it.
func (b *book) record(s serial, end time.Time, limit int) recorded {
	notAfter := seconds(end)
	b.mu.RLock()
	was, known := b.entries[s]
	b.mu.RUnlock()
	if known && was.notAfter >= notAfter {
		return isKnown
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	was, known = b.entries[s]
	if known && was.notAfter >= notAfter {
		return isKnown
	}
	if !known && len(b.entries) >= limit {
		return isOmitted
	}
	b.entries[s] = entry{notAfter: notAfter}
	if !known || was.written {
		b.queue = append(b.queue, s)
		b.pending.Add(1)
	}
	if known {
		return isKnown
	}
	return isNew
}

// missed notes that the source does not call a serial revoked any more.
func (b *book) missed(s serial, end time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing[s] = seconds(end)
}

// seconds is a time as in an entry.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// found notes that the source says again what it said before, or has a reason
// not to.
func (b *book) found(s serial) {
	b.mu.RLock()
	_, missing := b.missing[s]
	b.mu.RUnlock()
	if missing {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.missing, s)
	}
}

func (b *book) addTo(s *Snapshot) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s.Remembered += len(b.entries)
	s.Unwritten += len(b.queue)
	s.Err = errors.Join(s.Err, b.err)
	s.Omitted += b.omitted
	now := b.now()
	for _, end := range b.missing {
		switch {
		case end == 0:
			s.Departed++
		case now.Unix() <= end:
			s.Lost++
		}
	}
}
