// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	keyvalue "github.com/smallstep/nosql/database"
	"go.etcd.io/bbolt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/responder/stepdb"
	"github.com/stapledjwt/stapled/stepca"
)

// listed returns the certificates in a directory by their first DNS name.
func listed(t *testing.T, dir string) (map[string]stepdb.Certificate, error) {
	t.Helper()
	found := make(map[string]stepdb.Certificate)
	for c, err := range Certificates(t.Context(), dir) {
		if err != nil {
			return nil, err
		}
		found[c.DNSNames[0]] = c
	}
	return found, nil
}

// TestCertificates: the list is right while the CA runs and after, and reading
// changes nothing.
func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, stop := run(t, dir, Config{})
	client := clientOf(t, dir)
	for _, name := range []string{"a.internal", "b.internal"} {
		identity, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: name})
		must(t, err)
		if name == "b.internal" {
			must(t, client.Revoke(t.Context(), identity.Leaf().SerialNumber, ocspstaple.CRLReason(4), "superseded"))
		}
	}
	check := func(when string) {
		found, err := listed(t, dir)
		if err != nil || len(found) != 2 {
			t.Fatalf("%s: got %d certificates, %v", when, len(found), err)
		}
		if a := found["a.internal"]; a.Revocation != nil || a.Provisioner != "stapled" {
			t.Errorf("%s: a.internal: %+v", when, a)
		}
		if b := found["b.internal"]; b.Revocation == nil || b.Revocation.Reason != 4 || b.Revocation.At.IsZero() {
			t.Errorf("%s: b.internal: %+v", when, b)
		}
	}
	check("while it runs")
	stop()
	before, err := os.ReadFile(c.layout.database())
	must(t, err)
	check("after it")
	after, err := os.ReadFile(c.layout.database())
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("reading has changed the database")
	}
}

// TestCertificatesOnBadger: a badger directory that a CA uses is refused.
func TestCertificatesOnBadger(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	l := layout(dir)
	replace(t, l.config(), `"type": "bbolt"`, `"type": "badgerv2"`)
	must(t, os.RemoveAll(l.database()))
	opened, err := nosql.New(nosql.BadgerV2Driver, l.database())
	must(t, err)
	stored := &db.DB{DB: opened}
	for _, name := range tableNames {
		must(t, opened.CreateTable([]byte(name)))
	}
	must(t, stored.StoreCertificateChain(nil, testca.New().Intermediate().Leaf().Cert))
	if _, err := listed(t, dir); !errors.Is(err, stapled.DatabaseLocked) {
		t.Errorf("while it is open: %v, want %v", err, stapled.DatabaseLocked)
	}
	must(t, opened.Close())
	if found, err := listed(t, dir); err != nil || len(found) != 1 {
		t.Errorf("after it: %v, %v", found, err)
	}
}

func TestCertificatesOfADamagedDatabase(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		key, record string
		says        string
	}{
		{"no certificate", "5", "not DER", "the serial number 5 is unreadable"},
		{"another certificate", "5", string(testca.New().Cert.Raw), "in the place of 5"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := newCA(t)
			opened, err := nosql.New(nosql.BBoltDriver, layout(dir).database())
			must(t, err)
			must(t, opened.Set(certsTable, []byte(row.key), []byte(row.record)), opened.Close())
			if _, err := listed(t, dir); !errors.Is(err, stapled.DatabaseDamaged) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %v that says %q", err, stapled.DatabaseDamaged, row.says)
			}
		})
	}
}

// TestCopyBBolt: a copy made while somebody writes is whole, and as of one moment.
func TestCopyBBolt(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "db")
	must(t, createDatabase(name))
	d, err := openDatabase(&db.Config{Type: nosql.BBoltDriver, DataSource: name}, slog.New(slog.DiscardHandler))
	must(t, err)
	// Each commit gives the same new value to every key, at another size.
	var commits atomic.Int64
	commit := func() error {
		value := bytes.Repeat(fmt.Appendf(nil, "%08d", commits.Load()+1), 1+rand.IntN(200))
		tx := new(keyvalue.Tx)
		for i := range 200 {
			tx.Set(certsTable, fmt.Append(nil, i), value)
		}
		defer commits.Add(1)
		return d.tables.Update(tx)
	}
	must(t, commit())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			if err := commit(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	copies := 0
	for tried := 0; copies < 20 && tried < 2000; tried++ {
		made := filepath.Join(t.TempDir(), "copy")
		same, err := tryCopyBBolt(name, made)
		must(t, err)
		if !same {
			continue
		}
		copies++
		checkCopy(t, made)
	}
	cancel()
	must(t, <-done)
	t.Logf("%d copies during %d commits", copies, commits.Load())
	if copies == 0 {
		t.Error("no moment without a commit")
	}
	must(t, d.close())
	made, err := copyBBolt(t.Context(), name, t.TempDir())
	must(t, err)
	checkCopy(t, made)
}

func checkCopy(t *testing.T, made string) {
	t.Helper()
	b, err := bbolt.Open(made, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	must(t, err)
	defer b.Close()
	must(t, b.View(func(tx *bbolt.Tx) error {
		var broken []error
		for err := range tx.Check() {
			broken = append(broken, err)
		}
		values := make(map[string]int)
		broken = append(broken, tx.Bucket(certsTable).ForEach(func(_, v []byte) error {
			values[string(v)]++
			return nil
		}))
		if len(values) != 1 {
			broken = append(broken, fmt.Errorf("the keys have %d values, want one", len(values)))
		}
		return errors.Join(broken...)
	}))
}
