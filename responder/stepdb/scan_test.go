// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// start runs the source until the test ends.
func start(t *testing.T, source *Source) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
	synctest.Wait()
}

func TestScanFindsRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := testca.New().Intermediate()
		db := newServer()
		db.revoke("1000", 1)
		source := sourceOf(t, db, ca, nil)
		serial := big.NewInt(77)
		if _, ok := source.Version(serial); ok {
			t.Error("a version before the first scan")
		}
		if err := source.Snapshot().Usable; err == nil {
			t.Error("usable before the first scan")
		}
		start(t, source)
		version := func() uint64 {
			t.Helper()
			v, ok := source.Version(serial)
			if !ok {
				t.Fatal("no version")
			}
			return v
		}
		before := version()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if v := version(); v != before {
			t.Errorf("the version went from %d to %d, and nothing has changed", before, v)
		}
		db.revoke("77", 1)
		time.Sleep(time.Second)
		synctest.Wait()
		revoked := version()
		if revoked <= before {
			t.Errorf("the version is %d, and was %d before the revocation", revoked, before)
		}
		if snap := source.Snapshot(); snap.Revoked != 2 || snap.Usable != nil || snap.LastError != nil || snap.Interval != time.Second || snap.LastScan.IsZero() {
			t.Errorf("got %+v", snap)
		}
		// Somebody takes the revocation back.
		db.set(func(s *server) { delete(s.revoked, "77") })
		time.Sleep(time.Second)
		synctest.Wait()
		if v := version(); v <= revoked {
			t.Errorf("the version is %d, and was %d before the revocation went", v, revoked)
		}
		if n := source.Snapshot().Revoked; n != 1 {
			t.Errorf("%d revoked, want 1", n)
		}
	})
}

// TestScanTakesATenth: slow scans become rarer.
func TestScanTakesATenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newServer()
		db.took = 700 * time.Millisecond
		source := sourceOf(t, db, testca.New().Intermediate(), nil)
		start(t, source)
		time.Sleep(70 * time.Second)
		synctest.Wait()
		db.set(func(s *server) {
			if s.scans < 10 || s.scans > 11 {
				t.Errorf("%d scans of 700 ms in 70 s, want 10", s.scans)
			}
		})
		snap := source.Snapshot()
		if snap.Took != 700*time.Millisecond || snap.Interval != 7*time.Second || snap.Usable != nil {
			t.Errorf("got %+v", snap)
		}
		if _, ok := source.Version(big.NewInt(1)); !ok {
			t.Error("no version between scans")
		}
	})
}

// TestScanFails: without a scan, the source cannot tell what has changed.
func TestScanFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		db := newServer()
		db.revoke("1", 1)
		source := sourceOf(t, db, testca.New().Intermediate(), func(c *Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		start(t, source)
		down := errors.New("the server is down")
		db.set(func(s *server) { s.err = down })
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if _, ok := source.Version(big.NewInt(1)); ok {
			t.Error("a version although scans fail")
		}
		if snap := source.Snapshot(); !errors.Is(snap.LastError, down) || !errors.Is(snap.Usable, down) {
			t.Errorf("got %+v", snap)
		}
		db.set(func(s *server) { s.err = nil })
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if _, ok := source.Version(big.NewInt(1)); !ok {
			t.Error("no version although scans succeed again")
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "succeeds again") {
			t.Errorf("%d errors logged, want one, and that it succeeds again:\n%s", n, &log)
		}
	})
}

// TestScanHangs: a scan that does not end makes the last one too old.
func TestScanHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newServer()
		source := sourceOf(t, db, testca.New().Intermediate(), nil)
		start(t, source)
		hang := make(chan struct{})
		db.set(func(s *server) { s.slow = hang })
		time.Sleep(3 * time.Second)
		if _, ok := source.Version(big.NewInt(1)); !ok {
			t.Error("no version, and the last scan is 3 s old")
		}
		time.Sleep(time.Millisecond)
		if _, ok := source.Version(big.NewInt(1)); ok {
			t.Error("a version, and the last scan is more than 3 s old")
		}
		if err := source.Snapshot().Usable; err == nil || !strings.Contains(err.Error(), "too long ago") {
			t.Errorf("usable: %v", err)
		}
		time.Sleep(scanTimeout)
		synctest.Wait()
		if err := source.Snapshot().LastError; !errors.Is(err, errSlow) {
			t.Errorf("after a minute: %v, want that the database is slow", err)
		}
	})
}

// TestHalfAScan: what a broken scan has seen counts, and what it has not seen is
// not gone.
func TestHalfAScan(t *testing.T) {
	db := newServer()
	for _, serial := range []string{"1", "2", "3"} {
		db.revoke(serial, 1)
	}
	source := sourceOf(t, db, testca.New().Intermediate(), nil)
	if err := source.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum := func() (all uint64) {
		for i := range source.known.counters {
			all += source.known.counters[i].Load()
		}
		return all
	}
	before := sum()
	db.set(func(s *server) { s.breakAfter = 2 })
	if err := source.Refresh(t.Context()); err == nil {
		t.Fatal("half a scan is no error")
	}
	if n := source.Snapshot().Revoked; n != 3 || sum() != before {
		t.Errorf("after half a scan, %d are revoked and the versions went from %d to %d", n, before, sum())
	}
	db.set(func(s *server) { s.breakAfter = 0 })
	if err := source.Refresh(t.Context()); err != nil || sum() != before {
		t.Errorf("%v; the versions went from %d to %d, and nothing has changed", err, before, sum())
	}
}

func TestRunTwice(t *testing.T) {
	source := sourceOf(t, newServer(), testca.New().Intermediate(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := source.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := source.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "called before") {
		t.Errorf("got %v", err)
	}
}
