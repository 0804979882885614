// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"fmt"
	"hash/maphash"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smallstep/certificates/db"
	keyvalue "github.com/smallstep/nosql/database"
	"github.com/stapledjwt/stapled/stepca"
	"golang.org/x/crypto/ocsp"
)

// TestRevocationIsVisibleAtOnce: nobody who asks after a revocation was
// acknowledged gets a good, though good answers are given again until then.
func TestRevocationIsVisibleAtOnce(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, _ := run(t, dir, Config{})
	client := clientOf(t, dir)
	for i := range 5 {
		identity, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: fmt.Sprintf("service%d.internal", i)})
		must(t, err)
		leaf := identity.Leaf()
		good, err := ask(t, c.OCSPURL(), leaf, c.intermediate, crypto.SHA256)
		must(t, err)
		if again, err := ask(t, c.OCSPURL(), leaf, c.intermediate, crypto.SHA256); err != nil || string(again.Signature) != string(good.Signature) {
			t.Errorf("a good answer was not given again: %v", err)
		}
		var acknowledged atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for seen := 0; seen < 3; {
					late := acknowledged.Load()
					answer, err := ask(t, c.OCSPURL(), leaf, c.intermediate, crypto.SHA256)
					if err != nil || late && answer.Status != ocsp.Revoked {
						t.Errorf("after the revocation: got %v, %v", answer, err)
						return
					}
					if late {
						seen++
					}
				}
			})
		}
		err = client.Revoke(t.Context(), leaf.SerialNumber, ocsp.KeyCompromise, "")
		acknowledged.Store(true)
		wg.Wait()
		must(t, err)
	}
}

// TestVersion: every way to write changes the version of what is written, after
// it was written, and of little else.
func TestVersion(t *testing.T) {
	t.Parallel()
	c, err := Open(newCA(t), Config{})
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	tables := c.database.AuthDB.(*db.DB).DB
	if _, ok := tables.(watchedTables); !ok {
		t.Fatalf("step-ca writes to %T", tables)
	}
	serial := big.NewInt(12345)
	key := []byte(serial.String())
	tx := func(op *keyvalue.TxEntry) func() error {
		return func() error { return tables.Update(&keyvalue.Tx{Operations: []*keyvalue.TxEntry{op}}) }
	}
	for _, row := range []struct {
		name    string
		write   func() error
		changes bool
	}{
		{"set a revocation", func() error { return tables.Set(revokedTable, key, []byte("{}")) }, true},
		{"delete a revocation", func() error { return tables.Del(revokedTable, key) }, true},
		{"swap in a revocation", func() error { _, _, err := tables.CmpAndSwap(revokedTable, key, nil, []byte("{}")); return err }, true},
		{"set a revocation in a transaction", tx(&keyvalue.TxEntry{Bucket: revokedTable, Key: key, Value: []byte("{}"), Cmd: keyvalue.Set}), true},
		{"delete a revocation in a transaction", tx(&keyvalue.TxEntry{Bucket: revokedTable, Key: key, Cmd: keyvalue.Delete}), true},
		{"set a certificate", func() error { return tables.Set(certsTable, key, []byte("x")) }, true},
		{"set a certificate in a transaction", tx(&keyvalue.TxEntry{Bucket: certsTable, Key: key, Value: []byte("x"), Cmd: keyvalue.Set}), true},
		{"use a token", func() error { return tables.Set([]byte("used_ott"), key, []byte("x")) }, false},
		{"revoke another serial", func() error { return tables.Set(revokedTable, other(c, key), []byte("{}")) }, false},
		{"delete the table in a transaction", tx(&keyvalue.TxEntry{Bucket: revokedTable, Cmd: keyvalue.DeleteTable}), true},
		{"delete the other table", func() error { return tables.DeleteTable(certsTable) }, true},
	} {
		before, ok := c.database.version(serial)
		must(t, row.write())
		after, _ := c.database.version(serial)
		if !ok || (after > before) != row.changes || after < before {
			t.Errorf("%s: version %d, then %d", row.name, before, after)
		}
	}
}

// other is a serial with another counter.
func other(c *CA, key []byte) []byte {
	for i := 0; ; i++ {
		if candidate := fmt.Append(nil, i); c.database.changes.counter(candidate) != c.database.changes.counter(key) {
			return candidate
		}
	}
}

// lateTables is a database in which a write can be seen before it is told of.
type lateTables struct {
	keyvalue.DB
	version func() uint64
	during  uint64
}

func (l *lateTables) Set(_, _, _ []byte) error {
	l.during = l.version()
	return fmt.Errorf("the disk is full")
}

// TestVersionGrowsAfterTheWrite: a version that grew before would belong to the
// status from before. It grows after a failure too.
func TestVersionGrowsAfterTheWrite(t *testing.T) {
	t.Parallel()
	d := &database{changes: &changes{seed: maphash.MakeSeed()}}
	version := func() uint64 { v, _ := d.version(big.NewInt(5)); return v }
	late := &lateTables{version: version}
	before := version()
	if err := (watchedTables{late, d.changes}).Set(revokedTable, []byte("5"), nil); err == nil {
		t.Error("the failure was lost")
	}
	if late.during != before || version() == before {
		t.Errorf("version %d, %d while it was written, %d afterwards", before, late.during, version())
	}
}

// TestVersionOfServers: others may write to a database on a server.
func TestVersionOfServers(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{"badger": true, "badgerv1": true, "badgerV2": true, "bbolt": true, "mysql": false, "postgresql": false, "": false} {
		auth := &db.DB{}
		d := &database{AuthDB: auth}
		d.watch(&db.Config{Type: kind})
		_, ok := d.version(big.NewInt(1))
		if _, watched := auth.DB.(watchedTables); ok != want || watched != want {
			t.Errorf("database of type %q can tell: %t, is watched: %t, want %t", kind, ok, watched, want)
		}
	}
}
