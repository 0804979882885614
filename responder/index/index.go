// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package index is a responder's source for a CA that keeps OpenSSL's index.txt,
// the database of `openssl ca`.
//
//	source, err := index.New(index.Config{File: "/srv/ca/index.txt"})
//	…
//	go source.Run(ctx)
//
// An Index reads the file every two seconds (Config.Interval) and uses it if the
// content has changed. It does not rely on the file's time, which copies can
// preserve. A serial that the file does not list is unknown; valid and expired
// ones are good.
//
// # The bound
//
// An answer is dated at the last look, so the file had no revocation then. A
// responder with validity V says good for no longer than R + V, plus the time
// from one look to the next, where R is when the file has the revocation. If
// the file cannot be read or is malformed, the responder goes on with what it
// has for at most Config.StaleAfter, 30 seconds, and then answers tryLater. So
// the bound is never beyond R + StaleAfter + V.
//
// # What a CA cannot take back
//
// A file that loses a serial before its certificate expires, or a final
// revocation, has been damaged, truncated or restored from a backup. The Index
// logs an error, counts it in its Snapshot, and fails for that serial, so that
// the responder answers tryLater, until the file has it again. It remembers
// this as long as the process runs.
package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

const (
	// DefaultInterval is the default time from one look at the file to the next.
	DefaultInterval = 2 * time.Second
	// DefaultStaleAfter is how long an Index goes on without a successful look,
	// by default.
	DefaultStaleAfter = 30 * time.Second
)

// Config is the configuration of an Index.
type Config struct {
	// File is the path of index.txt. Required.
	File string
	// Interval is the time from one look at the file to the next, at least
	// 100 ms. If a look takes longer than a tenth of it, the Index waits for nine
	// times as long as the look took, but for at most half of StaleAfter. 0 means
	// DefaultInterval.
	Interval time.Duration
	// StaleAfter is how old the last successful look may be, at least twice the
	// Interval. 0 means DefaultStaleAfter.
	StaleAfter time.Duration
	// Recorder gets the final revocations that a file has and the one before it
	// had not, before the file takes effect; nil for none.
	Recorder responder.Recorder
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger logs every change, why a file cannot be used (once), and what a file
	// has lost; nil discards.
	Logger *slog.Logger
}

// An Index is a responder.Versioned source. It is safe for concurrent use.
type Index struct {
	cfg     Config
	log     *slog.Logger
	current atomic.Pointer[state]
	// told is the last error that was logged. Only Run uses it.
	told string
}

// state is what an Index knows. It never changes.
type state struct {
	// looked is the time before the last successful look.
	looked time.Time
	// err is why later looks failed, nil if none did.
	err error
	*contents
}

// contents is what the last usable file said.
type contents struct {
	sum        uint64
	generation uint64
	changed    time.Time
	entries    map[serial]entry
	revoked    int // of the entries
	// lost holds what earlier files said and this one should say.
	lost map[serial]entry
}

// New reads the file. It returns an error if the file cannot be read or is
// malformed.
func New(cfg Config) (*Index, error) {
	if cfg.File == "" {
		return nil, errors.New("index: Config.File is empty; name the index.txt of the CA")
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	if cfg.StaleAfter == 0 {
		cfg.StaleAfter = DefaultStaleAfter
	}
	switch {
	case cfg.Interval < 100*time.Millisecond:
		return nil, fmt.Errorf("index: interval %s is below 100ms", timetext.Duration(cfg.Interval))
	case cfg.StaleAfter < 2*cfg.Interval:
		return nil, fmt.Errorf("index: StaleAfter %s is below twice the interval %s", timetext.Duration(cfg.StaleAfter), timetext.Duration(cfg.Interval))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	x := &Index{cfg: cfg, log: cfg.Logger}
	if x.log == nil {
		x.log = slog.New(slog.DiscardHandler)
	}
	x.log = x.log.With("file", cfg.File)
	looked := x.now()
	found, err := load(cfg.File)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	next := found.follow(nil, looked)
	x.record(next, nil)
	x.current.Store(&state{looked: looked, contents: next})
	return x, nil
}

// now is by wall clock: age grows even while a machine sleeps.
func (x *Index) now() time.Time { return x.cfg.Now().Round(0) }

// fresh returns what the Index knows, or an error if it is too old. It takes
// the time after the state, so that only a clock that was set back makes the
// state younger than nothing.
func (x *Index) fresh() (*state, time.Time, error) {
	if x.cfg.Now == nil {
		return nil, time.Time{}, errors.New("index: this Index was not made by index.New")
	}
	st := x.current.Load()
	now := x.now()
	age := now.Sub(st.looked)
	switch {
	case age < 0:
		return nil, now, fmt.Errorf("index: %s was last read at %s, which is in the future; set the clock", x.cfg.File, timetext.Stamp(st.looked))
	case age <= x.cfg.StaleAfter:
		return st, now, nil
	case st.err != nil:
		return nil, now, fmt.Errorf("index: last read at %s: %w", timetext.Stamp(st.looked), st.err)
	}
	return nil, now, fmt.Errorf("index: %s was last read at %s, and no later look has ended", x.cfg.File, timetext.Stamp(st.looked))
}

// Status implements responder.Source.
//
//  1. The last look was too long ago: an error.
//  2. Listed as revoked: revoked.
//  3. Lost since an earlier look, and the certificate has not expired: an
//     error, and for a revocation responder.ErrRevocationLost.
//  4. Listed: good. Not listed: unknown.
//
// ThisUpdate is the time before the last look.
func (x *Index) Status(ctx context.Context, number *big.Int) (responder.Status, error) {
	if err := ctx.Err(); err != nil {
		return responder.Status{}, err
	}
	st, now, err := x.fresh()
	if err != nil {
		return responder.Status{}, err
	}
	status := responder.Status{ThisUpdate: st.looked}
	key, ok := serialOf(number)
	if !ok {
		return status, nil
	}
	e, listed := st.entries[key]
	if listed {
		status = e.status()
		status.ThisUpdate = st.looked
	}
	if e.code == responder.Revoked {
		return status, nil
	}
	if was, ok := st.lost[key]; ok && !was.expired(now) {
		if was.final() {
			return responder.Status{}, fmt.Errorf("index: %s: %w", x.cfg.File, responder.ErrRevocationLost)
		}
		return responder.Status{}, fmt.Errorf("index: %s no longer lists this serial number; restore its line", x.cfg.File)
	}
	return status, nil
}

// status is what the line says.
func (e entry) status() responder.Status {
	st := responder.Status{Code: e.code, NotAfter: time.Unix(e.notAfter, 0).UTC()}
	if e.code == responder.Revoked {
		st.RevokedAt, st.Reason = time.Unix(e.revokedAt, 0).UTC(), int(e.reason)
	}
	return st
}

func (e entry) final() bool {
	return e.code == responder.Revoked && ocspwire.CRLReason(e.reason).IsFinal()
}

// Version implements responder.Versioned. It grows when the line of the serial
// changes. It cannot tell if the last look was too long ago.
func (x *Index) Version(number *big.Int) (uint64, bool) {
	st, _, err := x.fresh()
	if err != nil {
		return 0, false
	}
	key, _ := serialOf(number)
	e, listed := st.entries[key]
	was, lost := st.lost[key]
	if !listed && !lost {
		return st.generation, true
	}
	return max(e.generation, was.generation), true
}

// Snapshot is the state of an Index.
type Snapshot struct {
	// Looked is the time just before the last successful look, and Changed that
	// of the look that found the content in use.
	Looked, Changed time.Time
	// Listed is the number of serials in the file. Revoked is how many of them
	// are revoked.
	Listed, Revoked int
	// Lost is the number of serials whose lines the file has lost before the
	// certificate expired, or whose final revocations. RevocationsLost is how
	// many of them were revoked. Both must be 0; otherwise restore the file.
	Lost, RevocationsLost int
	// Err is why the last look failed; nil if it did not.
	Err error
}

// Snapshot returns the state of the Index.
func (x *Index) Snapshot() Snapshot {
	st := x.current.Load()
	if st == nil {
		return Snapshot{Err: errors.New("index: this Index was not made by index.New")}
	}
	s := Snapshot{Looked: st.looked, Changed: st.changed, Listed: len(st.entries), Revoked: st.revoked, Err: st.err}
	now := x.now()
	for _, e := range st.lost {
		if e.expired(now) {
			continue
		}
		s.Lost++
		if e.final() {
			s.RevocationsLost++
		}
	}
	return s
}
