// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v2"
	"github.com/dgraph-io/badger/v2/options"
	"github.com/dgraph-io/badger/v2/pb"
	"github.com/dgraph-io/badger/v2/table"
	"github.com/dgraph-io/badger/v2/y"
	"github.com/stapledjwt/stapled"
)

// vlogHead is the position in the log up to which the tables hold everything.
type vlogHead struct {
	file uint32
	end  int64
}

// readManifest returns the names of the tables. The manifest may end in half a
// record: badger cuts that off, and what was meant for its table is still in
// the log.
func readManifest(dir string) ([]string, error) {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f)
	if err != nil {
		return nil, stapled.Errorf(stapled.DatabaseDamaged, "%s is damaged: %w; restore it from a backup", f.Name(), oneLine{err})
	}
	var tables []string
	for id, t := range manifest.Tables {
		name := table.NewFilename(id, dir)
		if t.KeyID != 0 || t.Compression != options.None {
			return nil, stapled.Errorf(stapled.ConfigInvalid, "%s is encrypted or compressed, which step-ca's tables are not", name)
		}
		tables = append(tables, name)
	}
	return tables, nil
}

// checkTable reads a table from its end: the index with its checksum, then each
// block with its own checksum.
func checkTable(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rest := data
	cut := func(n int64) []byte { // the last n bytes of what remains
		if n < 0 || n > int64(len(rest)) {
			return nil
		}
		at := len(rest) - int(n)
		part := rest[at:]
		rest = rest[:at]
		return part
	}
	length := func() int64 {
		b := cut(4)
		if b == nil {
			return -1
		}
		return int64(binary.BigEndian.Uint32(b))
	}
	var sum pb.Checksum
	var index pb.TableIndex
	if b := cut(length()); b == nil || sum.Unmarshal(b) != nil {
		return errIndex
	}
	b := cut(length())
	if b == nil || !checksumIs(b, &sum) || index.Unmarshal(b) != nil || len(index.Offsets) == 0 {
		return errIndex
	}
	for _, block := range index.Offsets {
		if uint64(block.Offset)+uint64(block.Len) > uint64(len(rest)) {
			return fmt.Errorf("its block at byte %d is not whole", block.Offset)
		}
		if !blockIsWhole(rest[block.Offset : block.Offset+block.Len]) {
			return fmt.Errorf("the checksum of its block at byte %d is wrong", block.Offset)
		}
	}
	return nil
}

var errIndex = errors.New("its index, at its end, is unreadable")

// blockIsWhole checks a block: its entries, their offsets, their number, then
// the checksum of all this and its length.
func blockIsWhole(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	at := len(b) - 4
	length := int64(binary.BigEndian.Uint32(b[at:]))
	if length > int64(at-4) {
		return false
	}
	body := b[:at-int(length)]
	var sum pb.Checksum
	if sum.Unmarshal(b[len(body):at]) != nil || !checksumIs(body, &sum) {
		return false
	}
	entries := int64(binary.BigEndian.Uint32(body[len(body)-4:]))
	return entries*4 <= int64(len(body)-4)
}

func checksumIs(data []byte, sum *pb.Checksum) bool {
	switch sum.Algo { // badger panics on any other
	case pb.Checksum_CRC32C, pb.Checksum_XXHash64:
		return y.VerifyChecksum(data, sum) == nil
	}
	return false
}

// headIn returns the newest head of the log in a checked table, and its
// version; 0 if there is none.
func headIn(name string) (vlogHead, uint64, error) {
	f, err := os.Open(name)
	if err != nil {
		return vlogHead{}, 0, err
	}
	t, err := table.OpenTable(f, table.Options{LoadingMode: options.FileIO, ChkMode: options.NoVerification})
	if err != nil {
		return vlogHead{}, 0, err
	}
	key := []byte("!badger!head")
	each := t.NewIterator(false)
	each.Seek(y.KeyWithTs(key, math.MaxUint64)) // newest first
	var head vlogHead
	var version uint64
	if each.Valid() && y.SameKey(y.KeyWithTs(key, 0), each.Key()) {
		value := each.Value().Value // file, length and offset, in the machine's byte order
		if len(value) == 12 {
			order := binary.NativeEndian
			head = vlogHead{order.Uint32(value), int64(order.Uint32(value[8:])) + int64(order.Uint32(value[4:]))}
			version = y.ParseTs(each.Key())
		}
	}
	return head, version, errors.Join(each.Close(), t.Close())
}
