// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
)

// maxRevocations limits what is remembered. Each entry is an authentic staple
// from the last MaxStapleAge for another certificate that the CA revoked.
const maxRevocations = 1 << 16

// revocations remembers authentic staples that say revoked. Once the verifier
// has seen a revocation, an older good staple does not override it, even if
// still fresh. A newer good staple means that the CA lifted a certificateHold
// (RFC 5280 §5.3.1). Omitting the staple of an intermediate, where that is
// allowed, does not help an attacker either.
type revocations struct {
	count atomic.Int32 // len(seen); lets the usual verification skip the lock
	mu    sync.RWMutex
	seen  map[fingerprint]revocation
}

type revocation struct {
	thisUpdate time.Time
	// until is when every older staple has become stale anyway.
	until time.Time
	// freshUntil is the last time this staple is fresh; zero if a newer one
	// says good.
	freshUntil time.Time
}

// add records a staple that says revoked.
func (r *revocations) add(s provenStaple, now time.Time, f ocspstaple.Freshness) {
	thisUpdate := s.staple.ThisUpdate()
	until := thisUpdate.Add(f.MaxAge)
	if now.After(until) {
		return // every staple that it contradicts is stale
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

// lift records a fresh staple that says good. If it is newer, the CA lifted a
// certificateHold; older good staples stay contradicted. The staple may be
// older than a revocation that another verification has seen meanwhile.
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

// evict drops the entries that are no longer useful, or else the one that will
// be the first to become useless.
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

// know reports whether a fresh staple seen earlier says revoked for a
// certificate that comes without a staple.
func (r *revocations) know(cert fingerprint, now time.Time) bool {
	if r.count.Load() == 0 {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.seen[cert]
	return ok && !now.After(known.freshUntil)
}

// cover reports whether a staple that says revoked, and is not older,
// contradicts this good one.
func (r *revocations) cover(s provenStaple) bool {
	if r.count.Load() == 0 || s.staple.Status() != ocspstaple.Good {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	known, ok := r.seen[s.cert]
	return ok && !s.staple.ThisUpdate().After(known.thisUpdate)
}
