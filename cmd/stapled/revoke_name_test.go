// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v2"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/inventory"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// fakeCA has certificates with the serial numbers 1, 2, … of which some are alive.
type fakeCA struct {
	alive   map[int64]bool
	refuses map[int64]error
	renews  int  // how often a revocation is answered with a new certificate
	forgets bool // its database does not have what it revokes
}

func (f *fakeCA) list() (living, all []inventory.Certificate, err error) {
	for serial := int64(1); serial <= int64(len(f.alive)); serial++ {
		c := inventory.Certificate{Serial: strconv.FormatInt(serial, 10), SerialHex: "0x" + strconv.FormatInt(serial, 16), Names: []string{"a.internal"}, Alive: f.alive[serial]}
		all = append(all, c)
		if c.Alive {
			living = append(living, c)
		}
	}
	return living, all, nil
}

func (f *fakeCA) revoke(serial *big.Int, issued bool) (revocation, error) {
	if err := f.refuses[serial.Int64()]; err != nil {
		return revocation{}, err
	}
	f.alive[serial.Int64()] = f.forgets
	if f.renews > 0 {
		f.renews--
		f.alive[int64(len(f.alive)+1)] = true
	}
	return revocation{Serial: serial.String(), SerialHex: "0x" + serial.Text(16), Issued: &issued}, nil
}

func TestRevokeName(t *testing.T) {
	down := errors.New("the CA does not answer")
	for _, row := range []struct {
		name string
		ca   fakeCA
		out  []string // beginnings of lines
		err  string   // "" if all is done
	}{
		{"all", fakeCA{alive: map[int64]bool{1: true, 2: false, 3: true}}, []string{"revoked  0x1", "revoked  0x3"}, ""},
		{"one fails, and the others are revoked", fakeCA{alive: map[int64]bool{1: true, 2: true, 3: true}, refuses: map[int64]error{2: down}},
			[]string{"revoked  0x1", "NOT revoked  0x2  a.internal: the CA does not answer", "revoked  0x3"}, "2 certificates revoked, and these not: 0x2: the CA does not answer"},
		{"one is renewed meanwhile", fakeCA{alive: map[int64]bool{1: true}, renews: 2}, []string{"revoked  0x1", "revoked  0x2", "revoked  0x3"}, ""},
		{"the one renewed meanwhile fails", fakeCA{alive: map[int64]bool{1: true}, renews: 1, refuses: map[int64]error{2: down}},
			[]string{"revoked  0x1", "NOT revoked  0x2"}, "1 certificate revoked, and these not: 0x2"},
		{"it does not end", fakeCA{alive: map[int64]bool{1: true}, renews: 100},
			[]string{"revoked  0x1", "revoked  0x2", "revoked  0x3", "revoked  0x4", "revoked  0x5"}, "5 certificates revoked, and the CA keeps issuing more"},
		{"another database", fakeCA{alive: map[int64]bool{1: true}, forgets: true}, []string{"revoked  0x1"}, "is this the database of the CA that runs?"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{&cli.Console{Stdout: &out}}
			living, _, err := row.ca.list()
			if err != nil {
				t.Fatal(err)
			}
			err = a.revokeRounds(t.Context(), living, row.ca.list, row.ca.revoke)
			if (row.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("got %v, want %q", err, row.err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(row.out) {
				t.Fatalf("got\n%swant %d lines", &out, len(row.out))
			}
			for i, want := range row.out {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

// TestRevokeNameInterrupted: after an interrupt, nothing more is revoked, and what
// was not is said.
func TestRevokeNameInterrupted(t *testing.T) {
	var out bytes.Buffer
	a := &app{&cli.Console{Stdout: &out}}
	f := fakeCA{alive: map[int64]bool{1: true, 2: true, 3: true}}
	living, _, _ := f.list()
	ctx, interrupt := context.WithCancelCause(t.Context())
	first := func(serial *big.Int, issued bool) (revocation, error) {
		interrupt(errors.New("interrupted"))
		return f.revoke(serial, issued)
	}
	err := a.revokeRounds(ctx, living, f.list, first)
	if err == nil || !strings.Contains(err.Error(), "1 certificate revoked, and these not: 0x2, 0x3: interrupted") {
		t.Errorf("got %v", err)
	}
	if !f.alive[2] || !f.alive[3] {
		t.Error("revoked after the interrupt")
	}
}

// TestRevokeNameOnBadger: a running CA keeps its badger database locked. The error
// does not say to stop the CA, which must run to revoke.
func TestRevokeNameOnBadger(t *testing.T) {
	dir := t.TempDir()
	config := fmt.Sprintf(`{"db": {"type": "badgerv2", "dataSource": %q}}`, filepath.Join(dir, "db"))
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "config"), 0o700), os.WriteFile(filepath.Join(dir, "config", "ca.json"), []byte(config), 0o600)); err != nil {
		t.Fatal(err)
	}
	running, err := badger.Open(badger.DefaultOptions(filepath.Join(dir, "db")).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	a := &app{&cli.Console{}}
	err = a.revokeName(t.Context(), revokeFlags{dir: dir, name: "a.internal"}, &revokeTarget{issued: func() (iter.Seq2[stepdb.Certificate, error], error) { return ca.Certificates(t.Context(), dir), nil }}, nil)
	if !errors.Is(err, stapled.DatabaseLocked) || !strings.Contains(err.Error(), "give each with --serial while it runs") {
		t.Errorf("got %v", err)
	}
}
