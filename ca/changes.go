// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"hash/maphash"
	"math/big"
	"strings"
	"sync/atomic"

	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	keyvalue "github.com/smallstep/nosql/database"
)

// changes counts the writes to the tables that statuses come from. Serials
// share counters, so a write also prevents the reuse of answers about a few
// other serials.
type changes struct {
	seed     maphash.Seed
	counters [1024]atomic.Uint64
	ended    atomic.Bool
}

// end marks a database that is about to close: once it can no longer be read,
// it cannot vouch that nothing has changed.
func (c *changes) end() {
	if c != nil {
		c.ended.Store(true)
	}
}

func (c *changes) counter(serial []byte) *atomic.Uint64 {
	return &c.counters[maphash.Bytes(c.seed, serial)%uint64(len(c.counters))]
}

// watch counts what step-ca writes from here on. It does so for databases that
// only one process can open; other processes may write to a database server.
func (d *database) watch(cfg *db.Config) {
	switch strings.ToLower(cfg.Type) {
	case nosql.BadgerDriver, nosql.BadgerV1Driver, nosql.BadgerV2Driver, nosql.BBoltDriver:
	default:
		return
	}
	auth, ok := d.AuthDB.(*db.DB)
	if !ok {
		return
	}
	d.changes = &changes{seed: maphash.MakeSeed()}
	auth.DB = watchedTables{auth.DB, d.changes}
}

// version implements responder.Versioned for both sources.
func (d *database) version(serial *big.Int) (uint64, bool) {
	if d.changes == nil || d.changes.ended.Load() {
		return 0, false
	}
	return d.changes.counter([]byte(serial.String())).Load(), true
}

// watchedTables counts a write after making it and before its caller learns of
// it, as responder.Versioned requires. A failed write counts too: it may have
// happened nevertheless.
type watchedTables struct {
	nosql.DB
	changes *changes
}

func (t watchedTables) wrote(bucket, key []byte) {
	if bytes.Equal(bucket, revokedTable) || bytes.Equal(bucket, certsTable) {
		t.changes.counter(key).Add(1)
	}
}

func (t watchedTables) wroteAll() {
	for i := range t.changes.counters {
		t.changes.counters[i].Add(1)
	}
}

// Set implements nosql.DB.
func (t watchedTables) Set(bucket, key, value []byte) error {
	defer t.wrote(bucket, key)
	return t.DB.Set(bucket, key, value)
}

// CmpAndSwap implements nosql.DB.
func (t watchedTables) CmpAndSwap(bucket, key, oldValue, newValue []byte) ([]byte, bool, error) {
	defer t.wrote(bucket, key)
	return t.DB.CmpAndSwap(bucket, key, oldValue, newValue)
}

// Del implements nosql.DB.
func (t watchedTables) Del(bucket, key []byte) error {
	defer t.wrote(bucket, key)
	return t.DB.Del(bucket, key)
}

// Update implements nosql.DB. Read operations count too.
func (t watchedTables) Update(tx *keyvalue.Tx) error {
	defer func() {
		for _, op := range tx.Operations {
			if op.Cmd == keyvalue.DeleteTable {
				t.wroteAll()
				continue
			}
			t.wrote(op.Bucket, op.Key)
		}
	}()
	return t.DB.Update(tx)
}

// DeleteTable implements nosql.DB.
func (t watchedTables) DeleteTable(bucket []byte) error {
	defer t.wroteAll()
	return t.DB.DeleteTable(bucket)
}

// Close implements nosql.DB.
func (t watchedTables) Close() error {
	t.changes.end()
	return t.DB.Close()
}
