// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// settle writes what is not written, and returns when it is on disk. Of several
// that call it at once, one writes for all. After an error it waits for a
// second before it tries again, and returns the error meanwhile.
func (b *book) settle() error {
	if b.pending.Load() == 0 {
		return nil
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	return b.flush()
}

// retry does the same unless somebody else does it: a disk that hangs must not
// keep back answers about other serials.
func (b *book) retry() {
	if b.pending.Load() == 0 || !b.writing.TryLock() {
		return
	}
	defer b.writing.Unlock()
	_ = b.flush() // the log and the Snapshot have the error
}

// flush needs b.writing.
func (b *book) flush() error {
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
	kept, queue, ends := b.prune(b.now())
	// Answers do not wait for this: a book may have a million entries.
	records := []byte(header(b.id))
	for _, k := range kept {
		records = appendRecord(records, k.serial, k.notAfter)
	}
	count := len(kept)
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

// ended is a serial and the end of validity as in an entry.
type ended struct {
	serial
	notAfter int64
}

// prune forgets what has expired. It returns everything else, and the queue with
// the end of each.
func (b *book) prune(now time.Time) (kept []ended, queue []serial, ends []int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept = make([]ended, 0, len(b.entries))
	for s, e := range b.entries {
		if e.written && e.expired(now, keptAfter) {
			delete(b.entries, s)
			delete(b.missing, s)
			continue
		}
		kept = append(kept, ended{s, e.notAfter})
	}
	ends = make([]int64, len(b.queue))
	for i, s := range b.queue {
		ends[i] = b.entries[s].notAfter
	}
	return kept, b.queue, ends
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
