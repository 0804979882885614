// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/stapledjwt/stapled"
)

// repairBadger checks badger's files before badger does: badger ends the
// process when a table is too short, and skips what it cannot read. No other
// process may use the directory meanwhile.
func repairBadger(dir, valueDir string, log *slog.Logger) error {
	dirs := []string{dir, valueDir}
	for i, d := range dirs {
		abs, err := filepath.Abs(d)
		if err != nil {
			return err
		}
		dirs[i] = abs
	}
	for _, d := range slices.Compact(dirs) {
		unlock, err := lockBadger(d)
		if err != nil {
			return err
		}
		defer unlock()
	}
	tables, err := readManifest(dir)
	if err != nil {
		return err
	}
	var head vlogHead
	var newest uint64
	for _, name := range tables {
		if err := checkTable(name); err != nil {
			return stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: %w; restore it from a backup", name, err)
		}
		found, version, err := headIn(name)
		if err != nil {
			return stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: %w; restore it from a backup", name, oneLine{err})
		}
		if version > newest {
			head, newest = found, version
		}
	}
	return repairVlog(valueDir, head, log)
}

// repairVlog checks what badger will replay: the log from its head on.
//
//  1. None of its files is missing, and the first one reaches the head.
//  2. Where a file cannot be read to its end, nothing readable follows in that
//     file or a later one: such an entry may have been acknowledged.
//  3. The unreadable rest is a write that was never acknowledged, because its end
//     is missing. repairVlog cuts it off and logs a warning.
func repairVlog(dir string, head vlogHead, log *slog.Logger) error {
	numbers, err := vlogFiles(dir)
	if err != nil {
		return err
	}
	first, _ := slices.BinarySearch(numbers, head.file)
	numbers = numbers[first:]
	for i, n := range numbers { // 1.
		if want := head.file + uint32(i); n != want {
			return missingVlog(dir, want)
		}
	}
	if len(numbers) == 0 {
		return missingVlog(dir, head.file)
	}
	var torn *vlogTail
	entries := 0
	for _, n := range numbers {
		from := int64(vlogHeader)
		if n == head.file {
			from = max(from, head.end)
		}
		tail, err := readVlogTail(vlogFile(dir, n), from)
		if err != nil {
			return fmt.Errorf("read the log of the database: %w", err)
		}
		if n == head.file && head.end > 0 && tail.size < head.end {
			return stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: %d bytes at its end are missing; restore it from a backup", tail.file, head.end-tail.size)
		}
		if torn != nil { // 2.: everything in this file comes after the tear
			rest, err := os.ReadFile(tail.file)
			if err != nil {
				return fmt.Errorf("read the log of the database: %w", err)
			}
			entries += countVlogEntries(rest[min(len(rest), vlogHeader):])
			continue
		}
		if tail.whole != tail.size {
			torn, entries = &tail, tail.entries
		}
	}
	if torn == nil {
		return nil
	}
	if entries > 0 { // 2.
		return stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged at byte %d, and %d readable entries follow, which may have been acknowledged; restore the database from a backup",
			torn.file, torn.whole, entries)
	}
	return torn.cut(log) // 3.
}

func missingVlog(dir string, n uint32) error {
	return stapled.Errorf(stapled.DatabaseDamaged, "%s, a file of the database, is missing; restore it from a backup", vlogFile(dir, n))
}

// cut removes what follows the last whole transaction. It removes a file with
// an incomplete header; badger makes a new one.
func (t *vlogTail) cut(log *slog.Logger) error {
	if t.size < vlogHeader {
		if err := os.Remove(t.file); err != nil {
			return fmt.Errorf("remove the unfinished file at the end of the database's log: %w", err)
		}
		log.Warn("removed a file of the database that was never finished; nothing in it was acknowledged", "file", t.file, "bytes", t.size)
		return syncDirectory(filepath.Dir(t.file))
	}
	f, err := os.OpenFile(t.file, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cut off the unfinished write at the end of the database's log: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(t.whole); err != nil {
		return fmt.Errorf("cut off the unfinished write at the end of the database's log: %w", err)
	}
	log.Warn("cut off an unfinished write at the end of the database's log; it was never acknowledged", "file", t.file, "bytes", t.size-t.whole)
	return f.Sync()
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
