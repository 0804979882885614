// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"errors"
	"fmt"
	"iter"
	"math/big"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// recorder is a responder.Recorder in memory.
type recorder struct {
	mu  sync.Mutex
	has map[string]responder.Status
	// told counts what it was given.
	told int
	err  error
	// during is called when it is given something.
	during func()
}

func (r *recorder) Has(serial *big.Int) bool {
	_, ok := r.status(serial)
	return ok
}

func (r *recorder) status(serial *big.Int) (responder.Status, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st, ok := r.has[serial.String()]
	return st, ok
}

func (r *recorder) set(during func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.during = during
}

func (r *recorder) Record(revocations iter.Seq2[*big.Int, responder.Status]) error {
	r.mu.Lock()
	during := r.during
	r.mu.Unlock()
	if during != nil {
		during()
	}
	for serial, st := range revocations {
		r.mu.Lock()
		r.told++
		if st.Code == responder.Revoked {
			r.has[serial.String()] = st
		}
		r.mu.Unlock()
	}
	return r.err
}

// TestScanRecords: what a scan finds is recorded before the source can tell that
// nothing has changed, though nobody has asked about it.
func TestScanRecords(t *testing.T) {
	ca, other := testca.New().Intermediate(), testca.New(testca.Named("Other CA"))
	for _, row := range []struct {
		name     string
		earlier  int // revocations before the first scan
		statuses int // statements
		joins    int
	}{
		{"few", 1, 2, 0},
		{"many", maxSingle + 1, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, r := newServer(), &recorder{has: map[string]responder.Status{}}
				mine, foreign := ca.Leaf(), other.Leaf()
				db.issue(mine)
				db.issue(foreign)
				for i := range row.earlier {
					db.revoke(fmt.Sprint(1000+i), 1)
				}
				r.has["5"] = responder.Status{Code: responder.Revoked} // before a restart
				db.revoke("5", 1)
				source := sourceOf(t, db, ca, func(c *Config) { c.Recorder = r })
				r.during = func() {
					if _, ok := source.Version(big.NewInt(1)); ok && source.last.Load() == nil {
						t.Error("the source can tell before it has recorded")
					}
				}
				start(t, source)
				db.revoke(mine.Cert.SerialNumber.String(), 1)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				if st, _ := r.status(mine.Cert.SerialNumber); st.Code != responder.Revoked || !st.NotAfter.Equal(mine.Cert.NotAfter) {
					t.Errorf("recorded %+v", st)
				}
				db.set(func(s *server) {
					if s.statuses != row.statuses || s.joins != row.joins {
						t.Errorf("%d statements for one, %d for all; want %d, %d", s.statuses, s.joins, row.statuses, row.joins)
					}
				})
				if want := row.earlier + 1; r.told != want {
					t.Errorf("told %d, want %d", r.told, want)
				}
				db.revoke(foreign.Cert.SerialNumber.String(), 1)
				time.Sleep(time.Second)
				synctest.Wait()
				if r.Has(foreign.Cert.SerialNumber) {
					t.Error("recorded a revocation by another CA with the same database")
				}
			})
		})
	}
}

// TestScanRecordsLater: a scan that cannot read what it has found fails, and the
// next one tries again. A disk that is full does not matter to it.
func TestScanRecordsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, r := newServer(), &recorder{has: map[string]responder.Status{}, err: errors.New("no space left")}
		source := sourceOf(t, db, testca.New().Intermediate(), func(c *Config) { c.Recorder = r })
		start(t, source)
		if _, ok := source.Version(big.NewInt(1)); !ok {
			t.Fatal("no version")
		}
		db.revoke("77", 1)
		r.set(func() { db.set(func(s *server) { s.err = errors.New("down") }) })
		time.Sleep(time.Second)
		synctest.Wait()
		if _, ok := source.Version(big.NewInt(1)); ok {
			t.Error("the source can tell, and has not recorded what it found")
		}
		r.set(nil)
		db.set(func(s *server) { s.err = nil })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, ok := source.Version(big.NewInt(1)); !ok || !r.Has(big.NewInt(77)) {
			t.Errorf("after the failure: can tell: %t, recorded: %t", ok, r.Has(big.NewInt(77)))
		}
	})
}
