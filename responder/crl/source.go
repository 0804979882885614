// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// maxAhead is how far the CA's clock may be ahead of ours.
const maxAhead = time.Minute

// Source is a [responder.Versioned] source that follows a CRL. It is safe for
// concurrent use. [Source.Run] keeps it up to date.
type Source struct {
	cfg     Config
	from    origin
	current atomic.Pointer[effective] // nil before the first list
	running atomic.Bool

	refreshing sync.Mutex // one refresh at a time
	newest     *issue     // guarded by refreshing; nil if none is known
	unsaved    bool       // guarded by refreshing; newest is not in the state file

	mu     sync.Mutex
	report report // guarded by mu
}

// effective is a list that has taken effect. It does not change.
type effective struct {
	*list
	since   time.Time
	version uint64
}

// entriesOf returns the entries of a list; nil before the first.
func (e *effective) entriesOf() entries {
	if e == nil {
		return nil
	}
	return e.entries
}

// report is what Snapshot adds to the list itself.
type report struct {
	lastSuccess time.Time
	lastError   error
	stateError  error
}

// New returns a Source without a list, or an error if the configuration is
// invalid or the state file cannot be read. Start [Source.Run], or call
// [Source.Refresh], to get the list.
func New(cfg Config) (*Source, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("crl: the configuration %w", err)
	}
	s := &Source{cfg: cfg}
	if cfg.StateFile != "" {
		var err error
		if s.newest, err = loadState(cfg.StateFile, cfg.Issuer); err != nil {
			return nil, fmt.Errorf("crl: %w", err)
		}
	}
	if cfg.File != "" {
		s.from = &file{name: cfg.File, maxSize: cfg.MaxSize}
		return s, nil
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("crl: the configuration has a malformed URL")
	}
	s.from = newServer(u, &cfg)
	return s, nil
}

// Status implements [responder.Source]. It returns an error before the first
// list, after the current one has ended, and while the clock is more than a
// minute before the current one.
func (s *Source) Status(_ context.Context, number *big.Int) (responder.Status, error) {
	if s.from == nil {
		return responder.Status{}, errNotMade
	}
	if number == nil {
		return responder.Status{}, errors.New("crl: the serial number is nil")
	}
	e := s.current.Load()
	if err := s.usable(e, s.cfg.Now()); err != nil {
		return responder.Status{}, err
	}
	st := responder.Status{ThisUpdate: e.thisUpdate, NextUpdate: e.nextUpdate}
	wanted, ok := serialOf(number)
	if !ok {
		return st, nil // no CA issues it, and no list that we take can have it: unknown
	}
	if found, revoked := e.entries.find(wanted); revoked {
		st.Code, st.RevokedAt, st.Reason = responder.Revoked, found.revokedAt(), int(found.reason)
		return st, nil
	}
	st.Code = s.cfg.Unlisted.code()
	return st, nil
}

var errNotMade = errors.New("crl: this Source was not made by crl.New")

// usable returns an error unless the list counts now.
func (s *Source) usable(e *effective, now time.Time) error {
	var says error
	switch {
	case e == nil:
		says = errors.New("crl: no list yet")
	case now.After(e.nextUpdate):
		says = fmt.Errorf("crl: the list from %s ended at %s", s.from, timetext.Stamp(e.nextUpdate))
	case e.thisUpdate.Sub(now) > maxAhead:
		return fmt.Errorf("crl: the list from %s begins at %s, and it is %s: set this clock", s.from, timetext.Stamp(e.thisUpdate), timetext.Stamp(now))
	default:
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.report.lastError != nil {
		return fmt.Errorf("%w: %w", says, s.report.lastError)
	}
	return says
}

// Version implements [responder.Versioned]: the version grows whenever a new
// list takes effect. ok is false before the first one.
func (s *Source) Version(*big.Int) (version uint64, ok bool) {
	e := s.current.Load()
	if e == nil {
		return 0, false
	}
	return e.version, true
}

// IsPartial implements [responder.Partial]. It reports whether the source needs
// another one that knows what the CA has issued: it does if Config.Unlisted is
// UnlistedUnknown.
func (s *Source) IsPartial() bool { return s.cfg.Unlisted != UnlistedGood }

// Snapshot describes a Source, for metrics and readiness checks.
type Snapshot struct {
	// Number is the crlNumber of the current list; nil if there is none.
	Number *big.Int
	// ThisUpdate and NextUpdate are those of the current list; zero if there is
	// none.
	ThisUpdate, NextUpdate time.Time
	// Entries is how many revocations the current list has.
	Entries int
	// Since is when the current list took effect.
	Since time.Time
	// LastSuccess is when a refresh last found a new list or confirmed the
	// current one; zero if none did.
	LastSuccess time.Time
	// LastError says why the last refresh failed; nil if it succeeded. The
	// current list stays in use until NextUpdate.
	LastError error
	// StateError says why the state file lacks the current list; nil if it has
	// it. An older list could then be accepted after a restart.
	StateError error
	// Usable is nil if Status gives answers now, or says why it does not.
	Usable error
}

// Snapshot returns a description of the source.
func (s *Source) Snapshot() Snapshot {
	if s.from == nil {
		return Snapshot{Usable: errNotMade}
	}
	e := s.current.Load()
	snap := Snapshot{Usable: s.usable(e, s.cfg.Now())}
	s.mu.Lock()
	snap.LastSuccess, snap.LastError, snap.StateError = s.report.lastSuccess, s.report.lastError, s.report.stateError
	s.mu.Unlock()
	if e == nil {
		return snap
	}
	snap.Number = new(big.Int).Set(e.number)
	snap.ThisUpdate, snap.NextUpdate, snap.Since, snap.Entries = e.thisUpdate, e.nextUpdate, e.since, len(e.entries)
	return snap
}
