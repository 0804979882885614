// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	"github.com/stapledjwt/stapled"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// openBBolt opens a bbolt file as step-ca does. It syncs every commit before
// acknowledging it.
func openBBolt(cfg *db.Config, g *guard) (nosql.DB, error) {
	lost, err := checkBBoltFile(cfg.DataSource)
	if err != nil {
		return nil, err
	}
	opened, err := nosql.New(nosql.BBoltDriver, cfg.DataSource)
	if err != nil {
		return nil, err
	}
	if lost {
		g.log.Warn("one of the two headers of the database was unreadable, as a power cut in the middle of a write leaves it; going on with the other", "file", cfg.DataSource)
	}
	return opened, nil
}

// keptOutOfBBolt reports whether a failed transaction left the file as it was.
// That is the case when the disk is full: bbolt never overwrites pages in use,
// and it writes the header that points to the new pages last. After a failed
// sync, nobody knows what is on the disk.
func keptOutOfBBolt(err error) bool {
	var at *fs.PathError
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if errors.As(err, &at) && at.Op == "write" && full {
		return true
	}
	for _, mistake := range []error{
		bbolterrors.ErrKeyRequired, bbolterrors.ErrKeyTooLarge, bbolterrors.ErrValueTooLarge, bbolterrors.ErrIncompatibleValue,
	} {
		if errors.Is(err, mistake) {
			return true
		}
	}
	return nosql.IsErrNotFound(err) || nosql.IsErrOpNotSupported(err)
}

// The header of a bbolt file, in the machine's byte order. There are two, at
// the start of the first two pages; transactions write them in turn.
const (
	bboltHeaderAt   = 16 // after the header of its page
	bboltHeaderSize = 64
	bboltMagic      = 0xED0CDAED
	bboltVersion    = 2
	maxPageSize     = 1 << 20
)

type bboltHeader struct {
	pageSize int64
	pages    int64 // number of pages that the file uses
	txid     uint64
}

func readBBoltHeader(page []byte) (bboltHeader, bool) {
	if len(page) < bboltHeaderAt+bboltHeaderSize {
		return bboltHeader{}, false
	}
	b, order := page[bboltHeaderAt:], binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(b[:56])
	if order.Uint32(b) != bboltMagic || order.Uint32(b[4:]) != bboltVersion || order.Uint64(b[56:]) != sum.Sum64() {
		return bboltHeader{}, false
	}
	h := bboltHeader{pageSize: int64(order.Uint32(b[8:])), pages: int64(order.Uint64(b[40:])), txid: order.Uint64(b[48:])}
	return h, h.pageSize >= bboltHeaderAt+bboltHeaderSize && h.pageSize <= maxPageSize && h.pages > 0
}

// bboltHeaders are both headers of a file; one that is unreadable is zero.
type bboltHeaders struct{ first, second bboltHeader }

func readBBoltHeaders(f io.ReaderAt) (h bboltHeaders, err error) {
	header := func(at int64) (bboltHeader, bool, error) {
		b := make([]byte, bboltHeaderAt+bboltHeaderSize)
		n, err := f.ReadAt(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return bboltHeader{}, false, fmt.Errorf("read its header: %w", err)
		}
		h, ok := readBBoltHeader(b[:n])
		return h, ok, nil
	}
	first, firstOK, err := header(0)
	if err != nil {
		return bboltHeaders{}, err
	}
	if firstOK {
		h.first = first
	}
	// The first header says where the second is. Without it, try each possible page
	// size.
	for size := int64(1 << 10); size <= maxPageSize; size <<= 1 {
		if firstOK && size != first.pageSize {
			continue
		}
		second, ok, err := header(size)
		if err != nil {
			return bboltHeaders{}, err
		}
		if ok && second.pageSize == size {
			h.second = second
			break
		}
	}
	return h, nil
}

// checkBBoltFile refuses a file that is shorter than its header says: bbolt
// maps the file into memory, where reading a missing page kills the process. It
// reports whether one of the two headers is lost.
func checkBBoltFile(name string) (lost bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	h, err := readBBoltHeaders(f)
	if err != nil {
		return false, err
	}
	none, newest := bboltHeader{}, h.first
	switch {
	case h.first == none && h.second == none:
		return false, stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: it is not a bbolt file, or both of its headers are unreadable; restore it from a backup", name)
	case h.first == none, h.second != none && h.second.txid > h.first.txid:
		newest = h.second
	}
	if newest.pages > info.Size()/newest.pageSize {
		return false, stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: it has %d bytes, and %d of them are missing; restore it from a backup",
			name, info.Size(), newest.pages*newest.pageSize-info.Size())
	}
	return h.first == none || h.second == none, nil
}
