// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/smallstep/nosql"
	kv "github.com/smallstep/nosql/database"
	"github.com/stapledjwt/stapled"
)

// guard ends the use of a database at the first failure that may have left a
// hole in its files. Anything written after a hole is gone after the next
// start, even if it was acknowledged. So from then on the guard acknowledges
// nothing, and the CA ends.
type guard struct {
	log    *slog.Logger
	once   sync.Once
	cause  error         // set before failed is closed
	failed chan struct{} // closed by end
}

func newGuard(log *slog.Logger) *guard {
	return &guard{log: log, failed: make(chan struct{})}
}

// end records the first failure; later ones follow from it.
func (g *guard) end(cause error) {
	g.once.Do(func() {
		g.cause = cause
		if !errors.Is(cause, stapled.DatabaseDamaged) {
			g.cause = stapled.Errorf(stapled.DatabaseWriteFailed, "a write to the database failed, and the CA ends rather than acknowledge what may be lost: %w; see to the disk, then start it again", oneLine{cause})
		}
		close(g.failed)
	})
}

// check returns the cause once the guard has ended.
func (g *guard) check() error {
	select {
	case <-g.failed:
		return g.cause
	default:
		return nil
	}
}

// errDamaged replaces a library's panic.
var errDamaged = errors.New("a file of the database is damaged")

// recoverDamage turns a panic into an error: the libraries do not check what
// they read. Defer it.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = stapled.Errorf(stapled.DatabaseDamaged, "%w (%w); restore it from a backup", errDamaged, oneLine{fmt.Errorf("%v", p)})
	}
}

// guardedDB is a database whose use ends with its guard.
type guardedDB struct {
	inner nosql.DB
	guard *guard
	// keptOut reports whether an error means that the files are as they were before
	// the write.
	keptOut func(error) bool
}

// attempt runs one operation on the database.
//
//  1. Nothing runs once the guard has ended.
//  2. A panic ends the guard, including one about a page missing from the file.
//  3. A failed write ends the guard, unless no part of it reached the files.
//  4. A success counts only if the guard has not ended meanwhile: the write may
//     lie after a hole that another write made.
func (d *guardedDB) attempt(write bool, op func() error) (err error) {
	if err := d.guard.check(); err != nil {
		return err
	}
	defer func() {
		if errors.Is(err, errDamaged) {
			d.guard.end(err)
		}
		if ended := d.guard.check(); ended != nil {
			err = ended
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recoverDamage(&err)
	err = op()
	if write && err != nil && !d.keptOut(err) {
		d.guard.end(err)
	}
	return err
}

// write runs an operation that may wait for another one that never ends.
func (d *guardedDB) write(op func() error) error {
	done := make(chan error, 1)
	go func() { done <- d.attempt(true, op) }()
	select {
	case err := <-done:
		return err
	case <-d.guard.failed:
		return d.guard.cause
	}
}

// Open implements nosql.DB. The database is already open.
func (d *guardedDB) Open(string, ...kv.Option) error { return kv.ErrOpNotSupported }

// Close implements nosql.DB.
func (d *guardedDB) Close() error { return d.inner.Close() }

// Get implements nosql.DB.
func (d *guardedDB) Get(bucket, key []byte) ([]byte, error) {
	var value []byte
	err := d.attempt(false, func() (err error) {
		value, err = d.inner.Get(bucket, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// List implements nosql.DB.
func (d *guardedDB) List(bucket []byte) ([]*kv.Entry, error) {
	var entries []*kv.Entry
	err := d.attempt(false, func() (err error) {
		entries, err = d.inner.List(bucket)
		return err
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// Set implements nosql.DB.
func (d *guardedDB) Set(bucket, key, value []byte) error {
	return d.write(func() error { return d.inner.Set(bucket, key, value) })
}

// CmpAndSwap implements nosql.DB.
func (d *guardedDB) CmpAndSwap(bucket, key, oldValue, newValue []byte) ([]byte, bool, error) {
	var value []byte
	var swapped bool
	err := d.write(func() (err error) {
		value, swapped, err = d.inner.CmpAndSwap(bucket, key, oldValue, newValue)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return value, swapped, nil
}

// Del implements nosql.DB.
func (d *guardedDB) Del(bucket, key []byte) error {
	return d.write(func() error { return d.inner.Del(bucket, key) })
}

// Update implements nosql.DB.
func (d *guardedDB) Update(tx *kv.Tx) error {
	return d.write(func() error { return d.inner.Update(tx) })
}

// CreateTable implements nosql.DB.
func (d *guardedDB) CreateTable(bucket []byte) error {
	return d.write(func() error { return d.inner.CreateTable(bucket) })
}

// DeleteTable implements nosql.DB.
func (d *guardedDB) DeleteTable(bucket []byte) error {
	return d.write(func() error { return d.inner.DeleteTable(bucket) })
}

// Compact implements nosql.Compactor.
func (d *guardedDB) Compact(discardRatio float64) error {
	compactor, ok := d.inner.(nosql.Compactor)
	if !ok {
		return kv.ErrOpNotSupported
	}
	return d.write(func() error { return compactor.Compact(discardRatio) })
}
