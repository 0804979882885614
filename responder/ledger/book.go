// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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

	// pending is the number of entries that are not written.
	pending atomic.Int64

	mu      sync.RWMutex
	entries map[serial]entry
	// missing holds the entries that the source does not call revoked, and the
	// end of validity as in an entry.
	missing map[serial]int64
	queue   []serial // entries that are not written
	err     error    // of the last write

	// writing guards what follows. It is taken before mu.
	writing sync.Mutex
	file    file // nil if closed
	size    int64
	records int
	limit   int // of records, before the file is rewritten
	failed  time.Time
}

func openBook(name, id string, disk disk, now func() time.Time, log *slog.Logger) (*book, error) {
	b := &book{name: name, id: id, disk: disk, now: now, log: log, missing: make(map[serial]int64)}
	in, err := os.OpenFile(name, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c, err := read(in, name, id)
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	if c.torn > 0 {
		log.Warn("removed an unfinished write from the end of the ledger of revocations", "bytes", c.torn)
	}
	b.entries, b.size, b.records = c.entries, c.size, c.records
	live := 0
	for _, e := range b.entries {
		if !e.expired(now(), keptAfter) {
			live++
		}
	}
	// Rewriting is also what makes a new file, and what repairs a torn one.
	if b.size == 0 || c.torn > 0 || b.records > 2*live+compactAfter {
		if err := b.rewrite(); err != nil {
			return nil, err
		}
		return b, nil
	}
	b.limit = 2*live + compactAfter
	b.file, err = disk.open(name, os.O_WRONLY)
	return b, err
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

// record remembers a serial. It takes settle to write it.
func (b *book) record(s serial, end time.Time) {
	notAfter := seconds(end)
	b.mu.RLock()
	was, known := b.entries[s]
	b.mu.RUnlock()
	if known && was.notAfter >= notAfter {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	was, known = b.entries[s]
	if known && was.notAfter >= notAfter {
		return
	}
	b.entries[s] = entry{notAfter: notAfter}
	if !known || was.written {
		b.queue = append(b.queue, s)
		b.pending.Add(1)
	}
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

// settle writes what is not written, and returns when it is on disk. Of several
// that call it at once, one writes for all. After an error it waits for a
// second before it tries again, and returns the error meanwhile.
func (b *book) settle() error {
	if b.pending.Load() == 0 {
		return nil
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.RLock()
	queue, last := b.queue, b.err
	b.mu.RUnlock()
	if len(queue) == 0 {
		return nil
	}
	if since := b.now().Sub(b.failed); last != nil && since >= 0 && since < retryAfter {
		return last
	}
	return b.write(queue)
}

func (b *book) write(queue []serial) error {
	var err error
	switch {
	case b.file == nil:
		err = errors.New("the ledger is closed")
	case len(queue) > maxAppended || b.records+len(queue) > b.limit:
		err = b.rewrite()
	default:
		err = b.add(queue)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("ledger: revocations are not written: %w", err)
		if b.err == nil || b.err.Error() != err.Error() {
			b.log.Error("revocations are not written to the ledger; the next start forgets them. Make room for them",
				"error", err, "unwritten", len(b.queue))
		}
		b.err, b.failed = err, b.now()
		return err
	}
	if b.err != nil {
		b.log.Info("revocations are written to the ledger again")
	}
	b.err = nil
	return nil
}

// add appends records. After an error nobody knows what is on disk, so the next
// write begins at the same place.
func (b *book) add(queue []serial) error {
	b.mu.RLock()
	var records []byte
	ends := make([]int64, len(queue))
	for i, s := range queue {
		ends[i] = b.entries[s].notAfter
		records = appendRecord(records, s, ends[i])
	}
	b.mu.RUnlock()
	if _, err := b.file.WriteAt(records, b.size); err != nil {
		return errors.Join(err, b.file.Truncate(b.size))
	}
	if err := b.file.Sync(); err != nil {
		return errors.Join(err, b.file.Truncate(b.size))
	}
	b.size += int64(len(records))
	b.records += len(queue)
	b.wrote(queue, ends)
	return nil
}

// wrote marks entries as written, unless they have changed since.
func (b *book) wrote(queue []serial, ends []int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var again []serial
	for i, s := range queue {
		if e := b.entries[s]; e.notAfter == ends[i] {
			b.entries[s] = entry{notAfter: e.notAfter, written: true}
		} else {
			again = append(again, s)
		}
	}
	b.queue = append(again, b.queue[len(queue):]...)
	b.pending.Store(int64(len(b.queue)))
}

// rewrite forgets what has expired, writes everything else to a new file, and
// puts it in the place of the old one.
func (b *book) rewrite() error {
	now := b.now()
	b.mu.Lock()
	records := []byte(header(b.id))
	for s, e := range b.entries {
		if e.written && e.expired(now, keptAfter) {
			delete(b.entries, s)
			delete(b.missing, s)
			continue
		}
		records = appendRecord(records, s, e.notAfter)
	}
	count, queue := len(b.entries), b.queue
	ends := make([]int64, len(queue))
	for i, s := range queue {
		ends[i] = b.entries[s].notAfter
	}
	b.mu.Unlock()

	beside := b.name + ".new"
	file, err := b.disk.open(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(records, 0)
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(err, file.Truncate(0), file.Close())
	}
	if err := b.disk.rename(beside, b.name); err != nil {
		return errors.Join(err, file.Close())
	}
	// From here on the old file has no name.
	if b.file != nil {
		_ = b.file.Close()
	}
	b.file, b.size, b.records, b.limit = file, int64(len(records)), count, 2*count+compactAfter
	if err := b.disk.syncDir(filepath.Dir(b.name)); err != nil {
		// A power cut may bring the old file back, without what is appended to the
		// new one. So the next write rewrites again.
		b.limit = 0
		return err
	}
	b.wrote(queue, ends)
	return nil
}

func (b *book) close() error {
	err := b.settle()
	b.writing.Lock()
	defer b.writing.Unlock()
	if b.file == nil {
		return err
	}
	err = errors.Join(err, b.file.Close())
	b.file = nil
	return err
}
