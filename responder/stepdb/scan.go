// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"math/big"
	"sync/atomic"
	"time"
)

const (
	// leastInterval is the time from the beginning of one scan to the next, if scans
	// are quick.
	leastInterval = time.Second
	// scanShare is how many times longer an interval is than its scan: scans take at
	// most a tenth of the time.
	scanShare = 10
	// scanTimeout limits a scan. Long before, Version can no longer tell.
	scanTimeout = time.Minute
)

// scan is one look at all revocations. It does not change.
type scan struct {
	began    time.Time // with the monotonic clock
	took     time.Duration
	interval time.Duration // until the next one begins
	revoked  int
	err      error
}

// current reports whether the scan was made lately enough to say that nothing
// has changed. Scans begin at most an interval and their own length apart. The
// wall clock counts too, because only it goes on while a machine sleeps.
func (s *scan) current() bool {
	if s == nil || s.err != nil {
		return false
	}
	now, limit := time.Now(), 2*s.interval+leastInterval
	wall := now.Round(0).Sub(s.began.Round(0))
	return now.Sub(s.began) <= limit && wall >= 0 && wall <= limit
}

// revocations are the keys of the table of revocations, and counters of what has
// changed. Only one goroutine scans; any may read the counters. Serials share
// counters, so a change also prevents the reuse of answers about a few others.
// A change within a record, which step-ca does not make, goes unnoticed.
type revocations struct {
	seed     maphash.Seed
	counters [1024]atomic.Uint64
	seen     map[[16]byte]mark
	round    uint32
}

// mark says where the changes of a key count, and in which round it was last
// there.
type mark struct {
	counter uint16
	round   uint32
}

func newRevocations() *revocations {
	return &revocations{seed: maphash.MakeSeed(), seen: make(map[[16]byte]mark)}
}

func (r *revocations) counter(key []byte) uint16 {
	return uint16(maphash.Bytes(r.seed, key) % uint64(len(r.counters)))
}

// add takes note of a key that is there in this round, and reports whether it was
// not in the one before.
func (r *revocations) add(key []byte) (isNew bool) {
	sum := sha256.Sum256(key)
	short := [16]byte(sum[:16])
	m, known := r.seen[short]
	if !known {
		m.counter = r.counter(key)
		r.counters[m.counter].Add(1)
	}
	m.round = r.round
	r.seen[short] = m
	return !known
}

// forget takes note of the keys that were not there in this round.
func (r *revocations) forget() {
	for key, m := range r.seen {
		if m.round != r.round {
			r.counters[m.counter].Add(1)
			delete(r.seen, key)
		}
	}
}

// Version implements [responder.Versioned]. The version of a serial grows when a
// scan finds that it was revoked since the scan before. ok is false unless a scan
// has succeeded lately: then the responder asks the database for every answer.
func (s *Source) Version(serial *big.Int) (version uint64, ok bool) {
	if s.dialect == nil || serial == nil || !s.last.Load().current() {
		return 0, false
	}
	return s.known.counters[s.known.counter([]byte(serial.String()))].Load(), true
}

// Run scans the revocations until the context ends, and returns its cause. It
// scans every second, or, if a scan takes longer than a tenth of that, so that
// scans take a tenth of the time. Call Run once.
func (s *Source) Run(ctx context.Context) error {
	if s.dialect == nil {
		return errNotMade
	}
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("stepdb: Source.Run has been called before")
	}
	for {
		before := s.last.Load()
		latest := s.scan(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case latest.err != nil && (before == nil || before.err == nil):
			s.cfg.Logger.Error("step-ca's database: the scan of the revocations fails; statuses are read for every answer", "error", latest.err)
		case latest.err == nil && before != nil && before.err != nil:
			s.cfg.Logger.Info("step-ca's database: the scan of the revocations succeeds again", "revoked", latest.revoked, "interval", latest.interval)
		}
		timer := time.NewTimer(time.Until(latest.began.Add(latest.interval)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// Refresh scans once, now. It is for readiness before [Source.Run] has begun, and
// for programs that do not use it.
func (s *Source) Refresh(ctx context.Context) error {
	if s.dialect == nil {
		return errNotMade
	}
	return s.scan(ctx).err
}

func (s *Source) scan(ctx context.Context) *scan {
	s.scanning.Lock()
	defer s.scanning.Unlock()
	latest := &scan{began: time.Now()}
	if latest.err = s.readRevocations(ctx); latest.err != nil {
		latest.err = fmt.Errorf("stepdb: scan the revocations: %w", latest.err)
	}
	latest.took, latest.revoked = time.Since(latest.began), len(s.known.seen)
	latest.interval = max(leastInterval, scanShare*latest.took)
	s.last.Store(latest)
	return latest
}

// readRevocations reads every key. What it finds before a failure counts; that
// something is gone counts only at the end. The caller holds scanning.
func (s *Source) readRevocations(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, scanTimeout, errSlow)
	defer cancel()
	s.known.round++
	_, err := s.consistent(ctx, s.scans, func(q queryer) (kind string, err error) {
		rows, err := q.QueryContext(ctx, s.dialect.scan)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		var kindBytes, key sql.RawBytes
		for rows.Next() {
			if err := rows.Scan(&kindBytes, &key); err != nil {
				return "", err
			}
			if kindBytes != nil {
				kind = string(kindBytes)
			} else if s.known.add(key) {
				s.note(key)
			}
		}
		return kind, rows.Err()
	})
	if err != nil {
		return failed(ctx, err)
	}
	s.known.forget()
	return s.record(ctx)
}

// Snapshot describes a Source, for metrics and readiness checks.
type Snapshot struct {
	// LastScan is when the last scan began; zero before the first.
	LastScan time.Time
	// Took is how long it took, and Interval the time from its beginning to that of
	// the next.
	Took, Interval time.Duration
	// Revoked is how many revocations the last successful scan found.
	Revoked int
	// LastError says why the last scan failed; nil if it succeeded.
	LastError error
	// Usable is nil if a scan has succeeded lately, or says why not. Status may give
	// answers even so.
	Usable error
}

// Snapshot returns a description of the source.
func (s *Source) Snapshot() Snapshot {
	if s.dialect == nil {
		return Snapshot{Usable: errNotMade}
	}
	latest := s.last.Load()
	if latest == nil {
		return Snapshot{Usable: errors.New("stepdb: no scan of the revocations has ended yet")}
	}
	snap := Snapshot{LastScan: latest.began, Took: latest.took, Interval: latest.interval, Revoked: latest.revoked, LastError: latest.err, Usable: latest.err}
	if latest.err == nil && !latest.current() {
		snap.Usable = errors.New("stepdb: the last scan of the revocations is too long ago")
	}
	return snap
}
