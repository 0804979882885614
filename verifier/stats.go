// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"math/rand/v2"
	"sync/atomic"
)

// Stats are what a verifier has counted since it was made, together with all
// its views.
type Stats struct {
	// TokenHits counts the tokens that were in the cache of tokens: they cost no
	// signature verification. HeaderHits counts those whose header was in the
	// cache of headers: they cost one. Misses counts all others that have the
	// shape of a token. A token that is rejected counts, too.
	TokenHits, HeaderHits, Misses uint64
	// Tokens, Headers and Certificates are the caches of [CacheSizes].
	Tokens, Headers, Certificates CacheStats
	// Revocations are the certificates known to be revoked or on hold beyond what
	// a token itself says (rule 6.10 of docs/format.md). Lifts are the CA
	// certificates of which a good staple may lift a hold. Each holds at most
	// 65536.
	Revocations, Lifts KnownStats
}

// CacheStats are about one cache.
type CacheStats struct {
	// Bytes is the memory that it accounts for, at most its size in [CacheSizes].
	Bytes int
	// Evicted counts the entries that made room for others.
	Evicted uint64
}

// KnownStats are about what is known of certificates.
type KnownStats struct {
	// Certificates is how many there are.
	Certificates int
	// Evicted counts what was forgotten, or not learned, because there was no
	// room.
	Evicted uint64
}

// Stats returns what the verifier has counted. The numbers are read one after
// another, while others verify. The zero Verifier has counted nothing.
func (v *Verifier) Stats() Stats {
	if v.core == nil {
		return Stats{}
	}
	s := Stats{
		Tokens: v.tokens.stats(), Headers: v.headers.stats(), Certificates: v.links.stats(),
		Revocations: v.revocations.presented.stats(), Lifts: v.revocations.lifts.stats(),
	}
	for i := range v.tally {
		t := &v.tally[i]
		s.TokenHits += t.token.Load()
		s.HeaderHits += t.header.Load()
		s.Misses += t.none.Load()
	}
	return s
}

// tally counts which cache had a token or its header. Each verification counts
// in one of several cache lines, so that the processors rarely wait for each
// other.
type tally [16]struct {
	token, header, none atomic.Uint64
	_                   [40]byte // to 64 bytes
}

func (t *tally) shard() int { return int(rand.Uint32() % uint32(len(t))) }

func (c *cache[V]) stats() CacheStats {
	if c == nil {
		return CacheStats{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Bytes: c.used, Evicted: c.evicted}
}

func (p *pool) stats() KnownStats {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return KnownStats{Certificates: len(p.known), Evicted: p.evicted}
}
