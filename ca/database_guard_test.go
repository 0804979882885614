// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dgraph-io/badger/v2"
	"github.com/smallstep/nosql"
	kv "github.com/smallstep/nosql/database"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/stepca"
	bbolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/crypto/ocsp"
)

// fakeDB does what a test says.
type fakeDB struct {
	kv.NotSupportedDB
	set   func() error
	get   func() ([]byte, error)
	close func() error
}

func (f *fakeDB) Set(_, _, _ []byte) error        { return f.set() }
func (f *fakeDB) Get(_, _ []byte) ([]byte, error) { return f.get() }
func (f *fakeDB) Close() error                    { return f.close() }

func guardedFake(f *fakeDB, keptOut func(error) bool) *guardedDB {
	return &guardedDB{inner: f, guard: newGuard(slog.New(slog.DiscardHandler)), keptOut: keptOut}
}

// TestGuard: after one write that may have left a hole nothing is acknowledged.
func TestGuard(t *testing.T) {
	t.Parallel()
	fine := func() error { return nil }
	for _, row := range []struct {
		name string
		op   func(*fakeDB, *guardedDB) error
		ends stapled.Reason // or "" if it goes on
	}{
		{"a write", func(f *fakeDB, d *guardedDB) error { f.set = fine; return d.Set(nil, nil, nil) }, ""},
		{"a write that fails", func(f *fakeDB, d *guardedDB) error {
			f.set = func() error { return syscall.EIO }
			return d.Set(nil, nil, nil)
		}, stapled.DatabaseWriteFailed},
		{"a write that was kept out", func(f *fakeDB, d *guardedDB) error {
			f.set = func() error { return kv.ErrNotFound }
			if err := d.Set(nil, nil, nil); !nosql.IsErrNotFound(err) {
				return fmt.Errorf("got %w", err)
			}
			return nil
		}, ""},
		{"a read that fails", func(f *fakeDB, d *guardedDB) error {
			get := f.get
			f.get = func() ([]byte, error) { return []byte("half"), syscall.EIO }
			value, err := d.Get(nil, nil)
			f.get = get
			if value != nil || !errors.Is(err, syscall.EIO) {
				return fmt.Errorf("got %q, %w", value, err)
			}
			return nil
		}, ""},
		{"a panic while writing", func(f *fakeDB, d *guardedDB) error {
			f.set = func() error { panic("page 7\nis no page") }
			return d.Set(nil, nil, nil)
		}, stapled.DatabaseDamaged},
		{"a panic while reading", func(f *fakeDB, d *guardedDB) error {
			f.get = func() ([]byte, error) { panic("page 7\nis no page") }
			_, err := d.Get(nil, nil)
			return err
		}, stapled.DatabaseDamaged},
		{"a write behind that of another, which failed", func(f *fakeDB, d *guardedDB) error {
			return d.attempt(true, func() error { d.guard.end(syscall.EIO); return nil })
		}, stapled.DatabaseWriteFailed},
		{"a write that waits for one that failed", func(f *fakeDB, d *guardedDB) error {
			stuck := make(chan struct{})
			f.set = func() error { d.guard.end(syscall.EIO); <-stuck; return nil }
			defer close(stuck)
			return d.Set(nil, nil, nil)
		}, stapled.DatabaseWriteFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := &fakeDB{get: func() ([]byte, error) { return []byte("value"), nil }, close: fine}
			d := guardedFake(f, nosql.IsErrNotFound)
			err := row.op(f, d)
			if row.ends == "" {
				value, getErr := d.Get(nil, nil)
				f.set = fine
				if err != nil || string(value) != "value" || getErr != nil || d.Set(nil, nil, nil) != nil {
					t.Fatalf("it does not go on: %v, %v", err, getErr)
				}
				return
			}
			f.set, f.get = fine, func() ([]byte, error) { return []byte("value"), nil }
			value, getErr := d.Get(nil, nil)
			for what, err := range map[string]error{"this": err, "later write": d.Set(nil, nil, nil), "later read": getErr, "later update": d.Update(new(kv.Tx))} {
				if !errors.Is(err, row.ends) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: got %v, want %v in one line", what, err, row.ends)
				}
			}
			if value != nil {
				t.Errorf("read %q", value)
			}
			f.close = func() error { t.Error("the files were touched once more"); return nil }
			must(t, (&database{tables: d, guard: d.guard}).close())
		})
	}
}

func TestKeptOut(t *testing.T) {
	t.Parallel()
	wrapped := func(err error) error { return fmt.Errorf("commit: %w", err) }
	for _, row := range []struct {
		name          string
		err           error
		bbolt, badger bool
	}{
		{"disk full", wrapped(&fs.PathError{Op: "write", Path: "db", Err: syscall.ENOSPC}), true, false},
		{"quota", wrapped(&fs.PathError{Op: "write", Path: "db", Err: syscall.EDQUOT}), true, false},
		{"disk broken", wrapped(&fs.PathError{Op: "write", Path: "db", Err: syscall.EIO}), false, false},
		{"sync failed", wrapped(syscall.EIO), false, false},
		{"sync failed, disk full", wrapped(syscall.ENOSPC), false, false},
		{"not found", wrapped(kv.ErrNotFound), true, true},
		{"not supported", wrapped(kv.ErrOpNotSupported), true, true},
		{"conflict", wrapped(badger.ErrConflict), false, true},
		{"nothing to collect", badger.ErrNoRewrite, false, true},
		{"key too long", wrapped(bbolterrors.ErrKeyTooLarge), true, false},
		{"key too long for badger", wrapped(errBadgerName), false, true},
	} {
		if got := keptOutOfBBolt(row.err); got != row.bbolt {
			t.Errorf("%s: bbolt %v", row.name, got)
		}
		if got := keptOutOfBadger(row.err); got != row.badger {
			t.Errorf("%s: badger %v", row.name, got)
		}
	}
}

// TestBadgerLogger: what badger reports as failed ends the guard, and badger
// does not get to its next write.
func TestBadgerLogger(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		log  func(badgerLogger)
		ends bool
	}{
		{"a batch of writes", func(l badgerLogger) { l.Errorf("writeRequests: %v", syscall.ENOSPC) }, true},
		{"a table", func(l badgerLogger) { l.Errorf("Ignoring table 1") }, true},
		{"a compaction", func(l badgerLogger) { l.Warningf("LOG Compact FAILED with error: %+v: %+v", syscall.ENOSPC, 1) }, true},
		{"a transaction that was not finished", func(l badgerLogger) { l.Warningf("Found an incomplete txn at timestamp %d", 7) }, false},
		{"statistics", func(l badgerLogger) { l.Errorf("Failed to populate discard stats: %s", syscall.EIO) }, false},
		{"information", func(l badgerLogger) { l.Infof("Force compaction: %v", syscall.EIO) }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			g, returned := newGuard(slog.New(slog.DiscardHandler)), make(chan struct{})
			go func() { row.log(badgerLogger{g}); close(returned) }()
			select {
			case <-g.failed:
				if !row.ends || !errors.Is(g.check(), stapled.DatabaseWriteFailed) {
					t.Errorf("ended: %v", g.check())
				}
			case <-returned:
				if row.ends {
					t.Error("it goes on")
				}
			}
		})
	}
}

// TestCloseIsBounded: a database that cannot be closed does not keep the process.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		d := guardedFake(&fakeDB{close: func() error { <-stuck; return nil }}, nosql.IsErrNotFound)
		start := time.Now()
		err := (&database{tables: d, guard: d.guard}).close()
		if err == nil || time.Since(start) != closeTimeout {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(stuck)
	})
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		d := guardedFake(nil, nosql.IsErrNotFound)
		d.inner = &fakeDB{close: func() error { d.guard.end(syscall.ENOSPC); <-stuck; return nil }}
		start := time.Now()
		err := (&database{tables: d, guard: d.guard}).close()
		if !errors.Is(err, stapled.DatabaseWriteFailed) || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(stuck)
	})
}

// TestRunEndsWithTheGuard: the CA ends with the cause, and neither acknowledges
// nor vouches meanwhile.
func TestRunEndsWithTheGuard(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, err := Open(dir, Config{})
	must(t, err)
	ran := make(chan error, 1)
	go func() { ran <- c.Run(t.Context()) }()
	client := clientOf(t, dir)
	id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	must(t, err)
	c.database.guard.end(syscall.EIO)
	if err := client.Revoke(t.Context(), id.Leaf().SerialNumber, ocsp.Superseded, ""); err == nil {
		t.Error("a revocation was acknowledged")
	}
	if err := <-ran; !errors.Is(err, stapled.DatabaseWriteFailed) || !errors.Is(err, syscall.EIO) || strings.Contains(err.Error(), "\n") {
		t.Errorf("Run: %v", err)
	}
	source := newLeaves(c.database, c.intermediate)
	if st, err := source.Status(t.Context(), id.Leaf().SerialNumber); err == nil {
		t.Errorf("status %v", st)
	}
}

// TestBBoltDamaged: a damaged file is one line that names it.
func TestBBoltDamaged(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	page := os.Getpagesize()
	whole, err := os.ReadFile(l.database())
	must(t, err)
	first, _ := readBBoltHeader(whole)
	second, ok := readBBoltHeader(whole[page:])
	if !ok || first.pageSize != int64(page) || second.txid == first.txid {
		t.Fatalf("headers %+v, %+v", first, second)
	}
	newest, other := 0, page
	if second.txid > first.txid {
		newest, other = page, 0
	}
	used := int(max(first.pages, second.pages)) * page
	flip := func(at ...int) func([]byte) []byte {
		return func(b []byte) []byte {
			for _, at := range at {
				b[at] ^= 1
			}
			return b
		}
	}
	for _, row := range []struct {
		name   string
		damage func([]byte) []byte
		says   string // in the refusal
		warns  string
	}{
		{"nothing", func(b []byte) []byte { return b }, "", ""},
		{"garbage appended", func(b []byte) []byte { return append(b, "garbage"...) }, "", ""},
		{"unused pages cut", func(b []byte) []byte { return b[:used] }, "", ""},
		{"a byte cut", func(b []byte) []byte { return b[:used-1] }, "1 of them are missing", ""},
		{"a page cut", func(b []byte) []byte { return b[:used-page] }, fmt.Sprintf("%d of them are missing", page), ""},
		{"all but the headers cut", func(b []byte) []byte { return b[:2*page] }, "are missing", ""},
		{"half a header", func(b []byte) []byte { return b[:40] }, "both of its headers", ""},
		{"nothing left", func(b []byte) []byte { return nil }, "both of its headers", ""},
		{"both headers flipped", flip(30, page+30), "both of its headers", ""},
		{"the older header flipped", flip(other + 30), "", "one of the two headers"},
		{"the newer header flipped", flip(newest + 30), "", "one of the two headers"},
		{"another kind of file", func([]byte) []byte { return []byte(strings.Repeat("not a database\n", 2000)) }, "both of its headers", ""},
		{"every page but the headers overwritten", func(b []byte) []byte {
			for i := 2 * page; i < len(b); i++ {
				b[i] = 0xA5
			}
			return b
		}, "a file of the database is damaged", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, logged := layout(newCA(t)), &lines{}
			must(t, os.WriteFile(l.database(), row.damage(append([]byte(nil), whole...)), 0o600))
			c, err := Open(string(l), Config{Logger: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))})
			if row.says == "" {
				must(t, err)
				must(t, c.Close())
				if got := logged.String(); !strings.Contains(got, row.warns) || (got == "") != (row.warns == "") {
					t.Errorf("logged %q, want %q", got, row.warns)
				}
				return
			}
			if !errors.Is(err, stapled.DatabaseDamaged) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line that says %q: %v", row.says, err)
			}
		})
	}
}

// TestBBoltShortenedWhileOpen: the page that is gone ends the CA and not the
// process.
func TestBBoltShortenedWhileOpen(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, err := Open(dir, Config{})
	must(t, err)
	for i := range 100 {
		must(t, c.database.tables.Set(testTable, fmt.Append(nil, i), make([]byte, 1000)))
	}
	must(t, os.Truncate(layout(dir).database(), int64(2*os.Getpagesize())))
	if _, err := c.database.tables.Get(testTable, []byte("50")); !errors.Is(err, stapled.DatabaseDamaged) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if err := c.Run(t.Context()); !errors.Is(err, stapled.DatabaseDamaged) {
		t.Errorf("Run: %v", err)
	}
}
