// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/dgraph-io/badger/v2"
	"github.com/dgraph-io/badger/v2/options"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	kv "github.com/smallstep/nosql/database"
)

// badgerDB implements nosql.DB on an open badger database. It uses the same
// keys as nosql's own implementation, which opens badger with its own logger
// and acknowledges writes after a hole.
type badgerDB struct {
	*badger.DB
}

// openBadger opens a badger directory as step-ca does; it syncs every write
// before acknowledging it. It first looks for anything that badger would crash
// on or silently drop.
func openBadger(cfg *db.Config, g *guard) (nosql.DB, error) {
	opts := badger.DefaultOptions(cfg.DataSource).WithLogger(badgerLogger{g})
	if cfg.ValueDir != "" {
		opts = opts.WithValueDir(cfg.ValueDir)
	}
	if strings.EqualFold(cfg.BadgerFileLoadingMode, nosql.BadgerFileIO) {
		opts = opts.WithValueLogLoadingMode(options.FileIO)
	}
	if err := repairBadger(opts.Dir, opts.ValueDir, g.log); err != nil {
		return nil, err
	}
	opened, err := badger.Open(opts)
	if err != nil {
		return nil, err
	}
	return badgerDB{opened}, nil
}

var errBadgerName = errors.New("the name of a table or key is empty or longer than 65,535 bytes")

// keptOutOfBadger reports whether a failed write never reached the files.
func keptOutOfBadger(err error) bool {
	for _, mistake := range []error{
		badger.ErrConflict, badger.ErrTxnTooBig, badger.ErrEmptyKey, badger.ErrInvalidKey, badger.ErrNoRewrite, badger.ErrRejected, errBadgerName,
	} {
		if errors.Is(err, mistake) {
			return true
		}
	}
	return nosql.IsErrNotFound(err) || nosql.IsErrOpNotSupported(err)
}

// badgerKey builds nosql's keys: each name preceded by its length in 16 bits,
// the table first. A table name alone marks that the table exists.
func badgerKey(names ...[]byte) ([]byte, error) {
	var key []byte
	for _, name := range names {
		if len(name) == 0 || len(name) > 1<<16-1 {
			return nil, errBadgerName
		}
		key = append(binary.LittleEndian.AppendUint16(key, uint16(len(name))), name...)
	}
	return key, nil
}

// Open implements nosql.DB. The database is already open.
func (d badgerDB) Open(string, ...kv.Option) error { return kv.ErrOpNotSupported }

// Compact implements nosql.Compactor.
func (d badgerDB) Compact(discardRatio float64) error { return d.RunValueLogGC(discardRatio) }

// CreateTable implements nosql.DB. An existing table costs no write.
func (d badgerDB) CreateTable(bucket []byte) error {
	return d.DB.Update(func(txn *badger.Txn) error { return badgerTxn{txn}.createTable(bucket) })
}

// DeleteTable implements nosql.DB.
func (d badgerDB) DeleteTable(bucket []byte) error {
	const batch = 1000 // far below the limit of one transaction
	for first := true; ; first = false {
		deleted := 0
		err := d.DB.Update(func(txn *badger.Txn) (err error) {
			deleted, err = badgerTxn{txn}.deleteTable(bucket, batch)
			return err
		})
		switch {
		case err != nil:
			return err
		case deleted == 0 && first:
			return fmt.Errorf("table %s: %w", bucket, kv.ErrNotFound)
		case deleted < batch:
			return nil
		}
	}
}

// Get implements nosql.DB.
func (d badgerDB) Get(bucket, key []byte) (value []byte, err error) {
	err = d.DB.View(func(txn *badger.Txn) error {
		value, err = badgerTxn{txn}.get(bucket, key)
		return err
	})
	return value, err
}

// Set implements nosql.DB.
func (d badgerDB) Set(bucket, key, value []byte) error {
	return d.DB.Update(func(txn *badger.Txn) error { return badgerTxn{txn}.set(bucket, key, value) })
}

// Del implements nosql.DB.
func (d badgerDB) Del(bucket, key []byte) error {
	return d.DB.Update(func(txn *badger.Txn) error { return badgerTxn{txn}.del(bucket, key) })
}

// CmpAndSwap implements nosql.DB.
func (d badgerDB) CmpAndSwap(bucket, key, oldValue, newValue []byte) (value []byte, swapped bool, err error) {
	err = d.DB.Update(func(txn *badger.Txn) error {
		value, swapped, err = badgerTxn{txn}.cmpAndSwap(bucket, key, oldValue, newValue)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return value, swapped, nil
}

// List implements nosql.DB.
func (d badgerDB) List(bucket []byte) (entries []*kv.Entry, err error) {
	err = d.DB.View(func(txn *badger.Txn) error {
		entries, err = badgerTxn{txn}.list(bucket)
		return err
	})
	return entries, err
}

// Update implements nosql.DB: all operations in one transaction.
func (d badgerDB) Update(tx *kv.Tx) error {
	return d.DB.Update(func(txn *badger.Txn) error {
		for _, op := range tx.Operations {
			if err := (badgerTxn{txn}).run(op); err != nil {
				return fmt.Errorf("%s in table %s: %w", op.Cmd, op.Bucket, err)
			}
		}
		return nil
	})
}

// badgerTxn runs nosql's operations in a transaction.
type badgerTxn struct{ *badger.Txn }

func (t badgerTxn) run(op *kv.TxEntry) (err error) {
	switch op.Cmd {
	case kv.CreateTable:
		return t.createTable(op.Bucket)
	case kv.Get:
		op.Result, err = t.get(op.Bucket, op.Key)
		return err
	case kv.Set:
		return t.set(op.Bucket, op.Key, op.Value)
	case kv.Delete:
		return t.del(op.Bucket, op.Key)
	case kv.CmpAndSwap:
		op.Result, op.Swapped, err = t.cmpAndSwap(op.Bucket, op.Key, op.CmpValue, op.Value)
		return err
	}
	return kv.ErrOpNotSupported // as in nosql; DeleteTable also ends up here, as it may take several transactions
}

func (t badgerTxn) createTable(bucket []byte) error {
	mark, err := badgerKey(bucket)
	if err != nil {
		return err
	}
	if _, err := t.Get(mark); !errors.Is(err, badger.ErrKeyNotFound) {
		return err
	}
	return t.Set(mark, []byte{})
}

func (t badgerTxn) deleteTable(bucket []byte, most int) (deleted int, err error) {
	prefix, err := badgerKey(bucket)
	if err != nil {
		return 0, err
	}
	var keys [][]byte
	each := t.NewIterator(badger.IteratorOptions{Prefix: prefix})
	for each.Rewind(); each.Valid() && len(keys) < most; each.Next() {
		keys = append(keys, each.Item().KeyCopy(nil))
	}
	each.Close()
	for _, key := range keys {
		if err := t.Delete(key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

func (t badgerTxn) get(bucket, key []byte) ([]byte, error) {
	k, err := badgerKey(bucket, key)
	if err != nil {
		return nil, err
	}
	item, err := t.Get(k)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, fmt.Errorf("%s in table %s: %w", key, bucket, kv.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

func (t badgerTxn) set(bucket, key, value []byte) error {
	k, err := badgerKey(bucket, key)
	if err != nil {
		return err
	}
	return t.Set(k, value)
}

func (t badgerTxn) del(bucket, key []byte) error {
	k, err := badgerKey(bucket, key)
	if err != nil {
		return err
	}
	return t.Delete(k)
}

// cmpAndSwap returns the value stored afterwards. A missing key has no value,
// which equals an empty one.
func (t badgerTxn) cmpAndSwap(bucket, key, oldValue, newValue []byte) ([]byte, bool, error) {
	current, err := t.get(bucket, key)
	switch {
	case err != nil && !nosql.IsErrNotFound(err):
		return nil, false, err
	case !bytes.Equal(current, oldValue):
		return current, false, nil
	}
	if err := t.set(bucket, key, newValue); err != nil {
		return nil, false, err
	}
	return newValue, true, nil
}

func (t badgerTxn) list(bucket []byte) ([]*kv.Entry, error) {
	prefix, err := badgerKey(bucket)
	if err != nil {
		return nil, err
	}
	each := t.NewIterator(badger.IteratorOptions{Prefix: prefix, PrefetchValues: true, PrefetchSize: 100})
	defer each.Close()
	var entries []*kv.Entry
	found := false
	for each.Rewind(); each.Valid(); each.Next() {
		found = true
		key := each.Item().KeyCopy(nil)[len(prefix):]
		if len(key) == 0 {
			continue // the marker of the table
		}
		if len(key) < 3 || int(binary.LittleEndian.Uint16(key)) != len(key)-2 {
			return nil, fmt.Errorf("table %s holds the key %x, which is not one of step-ca", bucket, key)
		}
		value, err := each.Item().ValueCopy(nil)
		if err != nil {
			return nil, err
		}
		entries = append(entries, &kv.Entry{Bucket: bucket, Key: key[2:], Value: value})
	}
	if !found {
		return nil, fmt.Errorf("table %s: %w", bucket, kv.ErrNotFound)
	}
	return entries, nil
}
