// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v2"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	kv "github.com/smallstep/nosql/database"
	"github.com/stapledjwt/stapled"
)

var testTable = []byte("revoked_x509_certs")

// newBadger makes a directory of badger with keys 0 to n-1: the first half in a
// table, all in the log.
func newBadger(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "db")
	write := func(from, to int, end func(*badger.DB)) {
		opened, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
		must(t, err)
		d := badgerDB{opened}
		for i := from; i < to; i++ {
			must(t, d.CreateTable(testTable), d.Set(testTable, fmt.Append(nil, i), fmt.Append(nil, "value ", i)))
		}
		end(opened)
	}
	write(0, n/2, func(d *badger.DB) { must(t, d.Close()) })
	// A process that ends leaves the log as it is; here it is copied.
	crashed := filepath.Join(t.TempDir(), "crashed")
	write(n/2, n, func(d *badger.DB) {
		must(t, os.CopyFS(crashed, os.DirFS(dir)), d.Close(), os.Remove(filepath.Join(crashed, "LOCK")))
	})
	return crashed
}

func badgerConfig(dir string) *db.Config { return &db.Config{Type: "badgerv2", DataSource: dir} }

// newestLog is the last file of the log.
func newestLog(t *testing.T, dir string) string {
	t.Helper()
	numbers, err := vlogFiles(dir)
	must(t, err)
	return vlogFile(dir, numbers[len(numbers)-1])
}

// appendTo appends to a file.
func appendTo(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.Write(data)
	must(t, err, f.Close())
}

// someTransactions are n transactions as the log has them, each with one entry.
func someTransactions(t *testing.T, n int) [][]byte {
	t.Helper()
	dir := t.TempDir()
	opened, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
	must(t, err)
	var all [][]byte
	log, at := vlogFile(dir, 0), vlogHeader
	for i := range n {
		must(t, badgerDB{opened}.Set(testTable, fmt.Append(nil, "later ", i), []byte("later")))
		raw, err := os.ReadFile(log)
		must(t, err)
		all, at = append(all, bytes.Clone(raw[at:])), len(raw)
	}
	must(t, opened.Close())
	return all
}

// TestBadgerTornTail: what a power cut leaves at the end of the log is cut off,
// and nothing else.
func TestBadgerTornTail(t *testing.T) {
	t.Parallel()
	const n = 20
	txn := someTransactions(t, 1)[0]
	entry, ok := readVlogEntry(txn)
	if !ok {
		t.Fatal("no entry")
	}
	for _, row := range []struct {
		name string
		tear func(t *testing.T, dir string)
		says string
	}{
		{"nothing", func(*testing.T, string) {}, ""},
		{"garbage", func(t *testing.T, dir string) { appendTo(t, newestLog(t, dir), []byte("28 bytes as in a power cut..")) }, "bytes=28"},
		{"zeros", func(t *testing.T, dir string) { appendTo(t, newestLog(t, dir), make([]byte, 5000)) }, "bytes=5000"},
		{"half an entry", func(t *testing.T, dir string) { appendTo(t, newestLog(t, dir), txn[:entry.size/2]) }, fmt.Sprintf("bytes=%d", entry.size/2)},
		{"a transaction without its end", func(t *testing.T, dir string) { appendTo(t, newestLog(t, dir), txn[:entry.size]) }, fmt.Sprintf("bytes=%d", entry.size)},
		{"a transaction with half its end", func(t *testing.T, dir string) { appendTo(t, newestLog(t, dir), txn[:len(txn)-1]) }, fmt.Sprintf("bytes=%d", len(txn)-1)},
		{"a file without its header", func(t *testing.T, dir string) {
			must(t, os.WriteFile(vlogFile(dir, 1), make([]byte, 7), 0o600))
		}, "bytes=7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, logged := newBadger(t, n), &lines{}
			row.tear(t, dir)
			opened, err := openDatabase(badgerConfig(dir), slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn})))
			must(t, err)
			for i := range n {
				value, err := opened.tables.Get(testTable, fmt.Append(nil, i))
				if err != nil || string(value) != fmt.Sprint("value ", i) {
					t.Errorf("key %d: %q, %v", i, value, err)
				}
			}
			must(t, opened.tables.Set(testTable, []byte("new"), []byte("value")), opened.close())
			if got := logged.String(); !strings.Contains(got, row.says) || (got == "") != (row.says == "") {
				t.Errorf("logged %q, want %q", got, row.says)
			}
			again, err := openDatabase(badgerConfig(dir), slog.New(slog.DiscardHandler))
			must(t, err)
			if _, err := again.tables.Get(testTable, []byte("new")); err != nil {
				t.Errorf("what was written after the cut: %v", err)
			}
			must(t, again.close())
		})
	}
}

// TestBadgerDamaged: a damaged file is one line that names it. Nothing is cut
// off that could have been acknowledged.
func TestBadgerDamaged(t *testing.T) {
	t.Parallel()
	const n = 20
	txns := someTransactions(t, 3)
	entry, ok := readVlogEntry(txns[0])
	if !ok {
		t.Fatal("no entry")
	}
	table := func(t *testing.T, dir string) string {
		names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		return names[0]
	}
	flip := func(t *testing.T, name string, at int) {
		raw, err := os.ReadFile(name)
		must(t, err)
		if at < 0 {
			at += len(raw)
		}
		raw[at] ^= 0x10
		must(t, os.WriteFile(name, raw, 0o600))
	}
	type row struct {
		name   string
		damage func(t *testing.T, dir string)
		says   string
	}
	rows := []row{
		{"garbage before a transaction", func(t *testing.T, dir string) {
			appendTo(t, newestLog(t, dir), bytes.Join([][]byte{[]byte("garbage"), txns[1]}, nil))
		}, "1 readable entries follow"},
		{"a hole before three transactions", func(t *testing.T, dir string) {
			appendTo(t, newestLog(t, dir), bytes.Join([][]byte{txns[0][:entry.size-1], txns[0], txns[1], txns[2]}, nil))
		}, "3 readable entries follow"},
		{"a hole at the border of an entry", func(t *testing.T, dir string) {
			appendTo(t, newestLog(t, dir), bytes.Join([][]byte{txns[0][:entry.size], txns[1], txns[2]}, nil))
		}, "2 readable entries follow"},
		{"garbage before a later file", func(t *testing.T, dir string) {
			last := newestLog(t, dir)
			raw, err := os.ReadFile(last)
			must(t, err, os.WriteFile(vlogFile(dir, 1), bytes.Join([][]byte{raw[:vlogHeader], txns[0], txns[1]}, nil), 0o600))
			appendTo(t, last, []byte("garbage"))
		}, "2 readable entries follow"},
		{"log flipped in the middle", func(t *testing.T, dir string) { flip(t, newestLog(t, dir), -200) }, "readable entries follow"},
		{"log shorter than its head", func(t *testing.T, dir string) { must(t, os.Truncate(newestLog(t, dir), 100)) }, "are missing"},
		{"log missing", func(t *testing.T, dir string) { must(t, os.Remove(newestLog(t, dir))) }, "000000.vlog, a file of the database, is missing"},
		{"log with a gap", func(t *testing.T, dir string) {
			raw, err := os.ReadFile(newestLog(t, dir))
			must(t, err, os.WriteFile(vlogFile(dir, 2), raw[:vlogHeader], 0o600))
		}, "000001.vlog, a file of the database, is missing"},
		{"log with the key of another", func(t *testing.T, dir string) { flip(t, newestLog(t, dir), 3) }, "000000.vlog"},
		{"table missing", func(t *testing.T, dir string) { must(t, os.Remove(table(t, dir))) }, ".sst"},
		{"table flipped", func(t *testing.T, dir string) { flip(t, table(t, dir), 20) }, "checksum of its block at byte 0"},
		{"table's index flipped", func(t *testing.T, dir string) { flip(t, table(t, dir), -40) }, "its index"},
		{"table's end flipped", func(t *testing.T, dir string) { flip(t, table(t, dir), -4) }, "its index"},
		{"manifest empty", func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, "MANIFEST"), 0)) }, "MANIFEST"},
		{"manifest short", func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, "MANIFEST"), 5)) }, "MANIFEST"},
		{"manifest flipped", func(t *testing.T, dir string) { flip(t, filepath.Join(dir, "MANIFEST"), -2) }, "MANIFEST"},
		{"manifest shortened by a record", func(t *testing.T, dir string) {
			info, err := os.Stat(filepath.Join(dir, "MANIFEST"))
			must(t, err, os.Truncate(filepath.Join(dir, "MANIFEST"), info.Size()-3))
		}, ".sst is damaged"},
		{"key registry short", func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, "KEYREGISTRY"), 5)) }, "open the database"},
	}
	for _, cut := range []int{1, 3, 4, 5, 8, 20, 50, 100, 200, 300, 100_000} {
		rows = append(rows, row{fmt.Sprintf("table %d bytes short", cut), func(t *testing.T, dir string) {
			info, err := os.Stat(table(t, dir))
			must(t, err, os.Truncate(table(t, dir), max(0, info.Size()-int64(cut))))
		}, ".sst is damaged"})
	}
	template := newBadger(t, n)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			must(t, os.CopyFS(dir, os.DirFS(template)))
			row.damage(t, dir)
			opened, err := openDatabase(badgerConfig(dir), slog.New(slog.DiscardHandler))
			if err == nil {
				t.Fatalf("opened: %v", opened.close())
			}
			var own *stapled.Error
			if !errors.As(err, &own) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line that says %q: %q", row.says, err)
			}
		})
	}
}

// TestBadgerManifestTorn: half a record at the end was never in effect.
func TestBadgerManifestTorn(t *testing.T) {
	t.Parallel()
	dir := newBadger(t, 20)
	appendTo(t, filepath.Join(dir, "MANIFEST"), []byte{0, 0, 0, 20, 1, 2, 3, 4, 5, 6})
	opened, err := openDatabase(badgerConfig(dir), slog.New(slog.DiscardHandler))
	must(t, err)
	for i := range 20 {
		if _, err := opened.tables.Get(testTable, fmt.Append(nil, i)); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
	must(t, opened.close())
}

// TestBadgerLocked: what another process is writing at this moment is not torn.
func TestBadgerLocked(t *testing.T) {
	t.Parallel()
	dir := newBadger(t, 20)
	first, err := openDatabase(badgerConfig(dir), slog.New(slog.DiscardHandler))
	must(t, err)
	appendTo(t, newestLog(t, dir), []byte("half a write"))
	before, err := os.ReadFile(newestLog(t, dir))
	must(t, err)
	if _, err := openDatabase(badgerConfig(dir), slog.New(slog.DiscardHandler)); !errors.Is(err, stapled.DatabaseLocked) {
		t.Errorf("got %v, want %v", err, stapled.DatabaseLocked)
	}
	if after, err := os.ReadFile(newestLog(t, dir)); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the log was changed: %v", err)
	}
	must(t, first.close())
}

// TestBadgerAsNosql: what nosql has written is read, what is written nosql
// reads, and every operation answers the same.
func TestBadgerAsNosql(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	theirs, err := nosql.New("badgerv2", dirs[0])
	must(t, err)
	opened, err := badger.Open(badger.DefaultOptions(dirs[1]).WithLogger(nil))
	must(t, err)
	ours := nosql.DB(badgerDB{opened})

	play := func(d nosql.DB) []string {
		var said []string
		say := func(err error, what ...any) {
			kind := fmt.Sprint(err != nil, nosql.IsErrNotFound(err), nosql.IsErrOpNotSupported(err))
			said = append(said, fmt.Sprint(kind, what))
		}
		get := func(key string) {
			value, err := d.Get([]byte("t"), []byte(key))
			say(err, "get", key, string(value))
		}
		list := func(table string) {
			entries, err := d.List([]byte(table))
			var text []string
			for _, e := range entries {
				text = append(text, fmt.Sprintf("%s/%s=%s", e.Bucket, e.Key, e.Value))
			}
			say(err, "list", text)
		}
		swap := func(key string, from, to []byte) {
			value, swapped, err := d.CmpAndSwap([]byte("t"), []byte(key), from, to)
			say(err, "swap", string(value), swapped)
		}
		list("t")
		say(d.DeleteTable([]byte("t")), "delete a table that is not there")
		say(d.CreateTable([]byte("t")), "create")
		say(d.CreateTable([]byte("t")), "create again")
		list("t")
		get("a")
		say(d.Set([]byte("t"), []byte("a"), []byte("1")), "set")
		say(d.Set([]byte("t"), nil, []byte("1")), "set no key")
		say(d.Set([]byte("t"), make([]byte, 1<<16), []byte("1")), "set a long key")
		say(d.Set([]byte("ta"), []byte("b"), []byte("2")), "set without a table")
		get("a")
		swap("a", []byte("0"), []byte("2"))
		swap("a", []byte("1"), []byte("2"))
		swap("b", nil, []byte("3"))
		swap("b", nil, []byte("4"))
		list("t")
		list("ta")
		say(d.Del([]byte("t"), []byte("a")), "del")
		say(d.Del([]byte("t"), []byte("absent")), "del what is not there")
		get("a")
		tx := new(kv.Tx)
		tx.CreateTable([]byte("u"))
		tx.Set([]byte("u"), []byte("x"), []byte("1"))
		tx.Get([]byte("t"), []byte("b"))
		tx.Del([]byte("t"), []byte("b"))
		say(d.Update(tx), "update", string(tx.Operations[2].Result))
		list("u")
		failing := new(kv.Tx)
		failing.Set([]byte("u"), []byte("y"), []byte("1"))
		failing.Get([]byte("u"), []byte("absent"))
		say(d.Update(failing), "update that fails")
		list("u")
		cmp := new(kv.Tx)
		cmp.Cmp([]byte("u"), []byte("y"), []byte("1"))
		say(d.Update(cmp), "not supported")
		for i := range 2500 {
			if err := d.Set([]byte("many"), fmt.Append(nil, i), nil); err != nil {
				say(err, "many")
			}
		}
		say(d.Set([]byte("kept"), []byte("k"), []byte("v")), "kept")
		return said
	}
	want, got := play(theirs), play(ours)
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %s, nosql says %s", i, got[i], want[i])
		}
	}
	must(t, ours.DeleteTable([]byte("many")))
	if _, err := ours.List([]byte("many")); !nosql.IsErrNotFound(err) {
		t.Errorf("a deleted table: %v", err)
	}
	must(t, theirs.Close(), ours.Close())

	swapped, err := nosql.New("badgerv2", dirs[1])
	must(t, err)
	value, err := swapped.Get([]byte("kept"), []byte("k"))
	must(t, err, swapped.Close())
	again, err := openDatabase(badgerConfig(dirs[0]), slog.New(slog.DiscardHandler))
	must(t, err)
	value2, err := again.tables.Get([]byte("kept"), []byte("k"))
	must(t, err, again.close())
	if string(value) != "v" || string(value2) != "v" {
		t.Errorf("nosql reads %q, we read %q", value, value2)
	}
}
