// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// volatile is a disk that after a power cut holds only what was synced: of a
// file its content, of a directory its names.
type volatile struct {
	system
	durable map[string]*volatileFile // by name
	current map[string]*volatileFile
	fails   bool // to sync a directory, once
}

type volatileFile struct {
	file
	disk   *volatile
	name   string
	synced []byte
}

func (d *volatile) open(name string, flag int) (file, error) {
	f, err := d.system.open(name, flag)
	if err != nil {
		return nil, err
	}
	d.current[name] = &volatileFile{file: f, disk: d, name: name}
	return d.current[name], nil
}

func (f *volatileFile) Sync() error {
	var err error
	f.synced, err = os.ReadFile(f.name)
	return err
}

func (d *volatile) rename(from, to string) error {
	d.current[to] = d.current[from]
	d.current[to].name = to
	delete(d.current, from)
	return d.system.rename(from, to)
}

func (d *volatile) syncDir(dir string) error {
	if d.fails {
		d.fails = false
		return errFull
	}
	for name, f := range d.current {
		if filepath.Dir(name) == dir {
			d.durable[name] = f
		}
	}
	return nil
}

// cut turns the power off and on.
func (d *volatile) cut(t *testing.T, name string) {
	t.Helper()
	if f := d.durable[name]; f != nil {
		check(t, os.WriteFile(name, bytes.Clone(f.synced), 0o600))
		return
	}
	check(t, os.Remove(name))
}

// TestPowerCut: what a client has seen revoked is remembered, whenever the
// power fails.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for steps := range int64(8) {
		d := &volatile{durable: make(map[string]*volatileFile), current: make(map[string]*volatileFile)}
		w := newWorld(t, d)
		w.set(revoked(1, start.Add(time.Hour)), nil)
		var seen []int64
		for step := range steps {
			if step == 4 { // a new file
				check(t, w.Record(func(yield func(*big.Int, responder.Status) bool) {
					for n := range int64(maxAppended + 1) {
						seen = append(seen, 100+n)
						if !yield(big.NewInt(100+n), w.status) {
							return
						}
					}
				}))
				continue
			}
			seen = append(seen, step)
			w.says(big.NewInt(step))
		}
		w.crash()
		d.cut(t, w.file())
		w.disk = system{}
		w.open()
		w.set(good(time.Time{}), nil)
		for _, n := range seen {
			if got := w.says(big.NewInt(n)); got != "alarm" {
				t.Errorf("the power fails after %d steps: serial %d is %s", steps, n, got)
			}
		}
	}
}

// TestPowerCutAfterRename: as long as the name of a new file is not on disk,
// what is appended to it is not, either.
func TestPowerCutAfterRename(t *testing.T) {
	t.Parallel()
	d := &volatile{durable: make(map[string]*volatileFile), current: make(map[string]*volatileFile)}
	w := newWorld(t, d)
	w.set(revoked(1, start.Add(time.Hour)), nil)
	w.says(big.NewInt(1))
	w.Guarded.book.limit, d.fails = 0, true // the next write is to a new file
	w.says(big.NewInt(2))
	if s := w.ledger.Snapshot(); s.Unwritten != 1 || s.Err == nil {
		t.Errorf("the directory is not synced: %+v", s)
	}
	w.now = w.now.Add(2 * retryAfter)
	w.says(big.NewInt(3))
	if s := w.ledger.Snapshot(); s.Unwritten != 0 || s.Err != nil {
		t.Errorf("afterwards: %+v", s)
	}
	w.crash()
	d.cut(t, w.file())
	w.disk = system{}
	w.open()
	w.set(good(time.Time{}), nil)
	for n := range int64(3) {
		if got := w.says(big.NewInt(n + 1)); got != "alarm" {
			t.Errorf("serial %d is %s", n+1, got)
		}
	}
}
