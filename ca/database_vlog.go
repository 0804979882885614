// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stapledjwt/stapled"
)

// Badger's value log is its write-ahead log: files 000000.vlog and so on, each
// a header followed by entries. Badger acknowledges a write when all entries of
// its transaction, including the end marker, are in the log. At startup badger
// replays the log from its head to the first entry that it cannot read, and can
// be told to cut off the rest. The code here checks the rest first.

const (
	vlogHeader = 20 // the ID of a key and an initial vector, both unused

	// The bits of an entry's first byte.
	vlogInTxn  = 1 << 6
	vlogEndTxn = 1 << 7

	// Lengths that no badger entry exceeds: a transaction has at most 15 % of a
	// table of 64 MiB.
	maxVlogKey   = 1 << 16
	maxVlogValue = 15 << 20
	maxVlogEntry = 16 << 20
)

// vlogEntry is an entry with a correct checksum.
type vlogEntry struct {
	meta       byte
	key, value []byte
	size       int
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// vlogEntrySize reads the header of an entry: two bytes, then the key length,
// the value length and the expiry, all three as varints.
func vlogEntrySize(b []byte) (headerSize, keySize, size int, ok bool) {
	at := 2
	var numbers [3]uint64
	for i := range numbers {
		if at >= len(b) {
			return 0, 0, 0, false
		}
		number, n := binary.Uvarint(b[at:])
		if n <= 0 {
			return 0, 0, 0, false
		}
		numbers[i], at = number, at+n
	}
	key, value := numbers[0], numbers[1]
	if key <= 8 || key > maxVlogKey || value > maxVlogValue { // 8 bytes are the version
		return 0, 0, 0, false
	}
	return at, int(key), at + int(key) + int(value) + crc32.Size, true
}

// readVlogEntry reads the entry at the start of b.
func readVlogEntry(b []byte) (vlogEntry, bool) {
	header, key, size, ok := vlogEntrySize(b)
	if !ok || size > len(b) {
		return vlogEntry{}, false
	}
	body := b[:size-crc32.Size]
	if binary.BigEndian.Uint32(b[len(body):]) != crc32.Checksum(body, castagnoli) {
		return vlogEntry{}, false
	}
	return vlogEntry{meta: b[0], key: body[header : header+key], value: body[header+key:], size: size}, true
}

// version returns badger's timestamp of the transaction.
func (e vlogEntry) version() uint64 { return ^binary.BigEndian.Uint64(e.key[len(e.key)-8:]) }

// vlogTail describes what follows the last whole transaction in a log file.
type vlogTail struct {
	file string
	// size is the size of the file; whole is the offset where its last transaction
	// ends.
	size, whole int64
	// entries counts the readable entries after the tear, except those of a
	// transaction that only lacks its end.
	entries int
}

// readVlogTail reads a file from the entry at offset from on, as badger's
// replay does.
func readVlogTail(name string, from int64) (vlogTail, error) {
	tail := vlogTail{file: name, whole: from}
	f, err := os.Open(name)
	if err != nil {
		return tail, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return tail, err
	}
	tail.size = info.Size()
	if tail.size <= from {
		return tail, nil
	}
	r := bufio.NewReaderSize(io.NewSectionReader(f, from, tail.size-from), maxVlogEntry)
	var txn uint64 // the transaction without an end yet; 0 for none
	at := from
	for {
		head, err := r.Peek(2 + 3*binary.MaxVarintLen64)
		if err != nil && err != io.EOF {
			return tail, err
		}
		_, _, size, ok := vlogEntrySize(head)
		if !ok {
			break
		}
		b, err := r.Peek(size)
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return tail, err
		}
		e, ok := readVlogEntry(b)
		if !ok || !follows(e, txn) {
			break
		}
		txn = 0
		if e.meta&vlogInTxn != 0 {
			txn = e.version()
		}
		if at += int64(size); txn == 0 {
			tail.whole = at
		}
		if _, err := r.Discard(size); err != nil {
			return tail, err
		}
	}
	if at == tail.size {
		return tail, nil
	}
	rest, err := io.ReadAll(io.NewSectionReader(f, at, tail.size-at))
	if err != nil {
		return tail, err
	}
	tail.entries = countVlogEntries(rest)
	return tail, nil
}

// follows reports whether an entry may occur in or after an open transaction.
func follows(e vlogEntry, txn uint64) bool {
	switch {
	case e.meta&vlogInTxn != 0:
		return txn == 0 || txn == e.version()
	case e.meta&vlogEndTxn != 0:
		return txn != 0 && string(e.value) == strconv.FormatUint(txn, 10)
	}
	return txn == 0
}

// countVlogEntries counts the entries in data whose start cannot be read. It
// does not count the end of a transaction.
func countVlogEntries(b []byte) (entries int) {
	for len(b) > 0 {
		if !mayBeVlogEntry(b) {
			b = b[1:]
			continue
		}
		e, ok := readVlogEntry(b)
		if !ok {
			b = b[1:]
			continue
		}
		if e.meta&vlogEndTxn == 0 {
			entries++
		}
		b = b[e.size:]
	}
	return entries
}

// mayBeVlogEntry avoids most of the checksums: a key starts with the length of
// its table's name, or is one of badger's own.
func mayBeVlogEntry(b []byte) bool {
	header, key, size, ok := vlogEntrySize(b)
	if !ok || size > len(b) {
		return false
	}
	name := b[header : header+key]
	return strings.HasPrefix(string(name[:min(len(name), 8)]), "!badger!") || int(binary.LittleEndian.Uint16(name)) <= key-2
}

// vlogFiles returns the numbers of the log files, in order.
func vlogFiles(dir string) ([]uint32, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), ".vlog"), 10, 32)
		if err != nil {
			return nil, stapled.Errorf(stapled.DatabaseDamaged, "%s is not a file of badger; move it elsewhere", name)
		}
		numbers = append(numbers, uint32(n))
	}
	slices.Sort(numbers)
	return numbers, nil
}

func vlogFile(dir string, n uint32) string { return filepath.Join(dir, fmt.Sprintf("%06d.vlog", n)) }
