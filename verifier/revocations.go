// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// maxRevocations bounds what is remembered: each is an authentic staple, of the
// last MaxStapleAge, for another certificate that the CA has revoked.
const maxRevocations = 1 << 16

// revocations remembers authentic staples that say revoked, so that an older
// one that says good, and is still fresh, does not contradict them: whoever
// has seen the revocation holds on to it. A newer good staple is the CA lifting
// a certificateHold (RFC 5280 §5.3.1). Nor does it help to leave out the staple
// of an intermediate, where that is allowed.
type revocations struct {
	count atomic.Int32 // of seen; spares the usual verification the lock
	mu    sync.RWMutex
	seen  map[fingerprint]revocation
}

type revocation struct {
	thisUpdate time.Time
	// until is when every older staple is stale anyway.
	until time.Time
	// freshUntil is when this staple is; the zero time if a newer one says good.
	freshUntil time.Time
}

// add remembers a staple that says revoked.
func (r *revocations) add(s provenStaple, now time.Time, f ocspstaple.Freshness) {
	thisUpdate := s.staple.ThisUpdate()
	until := thisUpdate.Add(f.MaxAge)
	if now.After(until) {
		return // no staple that it contradicts is fresh
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.seen[s.cert]; ok && !thisUpdate.After(known.thisUpdate) {
		return
	}
	if r.seen == nil {
		r.seen = make(map[fingerprint]revocation)
	}
	if len(r.seen) >= maxRevocations {
		r.evict(now)
	}
	r.seen[s.cert] = revocation{thisUpdate: thisUpdate, until: until, freshUntil: s.staple.FreshUntil(f)}
	r.count.Store(int32(len(r.seen)))
}

// lift takes note of a staple that says good and is fresh. If it is newer, the CA
// has lifted a certificateHold; older ones stay contradicted. It may be older than
// a revocation that another verification has seen meanwhile.
func (r *revocations) lift(s provenStaple) {
	if r.count.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.seen[s.cert]; ok && s.staple.ThisUpdate().After(known.thisUpdate) {
		known.freshUntil = time.Time{}
		r.seen[s.cert] = known
	}
}

// evict drops what has lost its use, or else the entry that will first.
func (r *revocations) evict(now time.Time) {
	var first fingerprint
	var firstUntil time.Time
	for cert, known := range r.seen {
		if now.After(known.until) {
			delete(r.seen, cert)
			continue
		}
		if firstUntil.IsZero() || known.until.Before(firstUntil) {
			first, firstUntil = cert, known.until
		}
	}
	if len(r.seen) >= maxRevocations {
		delete(r.seen, first)
	}
}

// know tells whether a staple that was seen, and is fresh, says revoked of a
// certificate that comes without one.
func (r *revocations) know(cert fingerprint, now time.Time) bool {
	if r.count.Load() == 0 {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.seen[cert]
	return ok && !now.After(known.freshUntil)
}

// cover tells whether a staple that says good is contradicted by one that is
// not older.
func (r *revocations) cover(s provenStaple) bool {
	if r.count.Load() == 0 || s.staple.Status() != ocspstaple.Good {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.seen[s.cert]
	return ok && !s.staple.ThisUpdate().After(known.thisUpdate)
}
