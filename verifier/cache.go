// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// ways is the number of slots in which a key may be.
const ways = 4

// cache is a bounded map whose readers never block. Keys are compared in full;
// their hash, keyed with a random seed, only says where to look. The cache
// counts its memory in bytes and evicts by CLOCK: an entry stays if it was hit
// since the hand last passed. A nil cache holds nothing.
type cache[V any] struct {
	seed  maphash.Seed
	slots []slot[V] // a power of two, in sets of ways

	mu     sync.Mutex // for writers
	budget int
	used   int
	hand   int
	// evicted counts the entries that others displaced.
	evicted uint64
}

// slot holds what the cache can know about an entry without touching its
// memory. A set of slots fits one CPU cache line. Most lookups miss, and most
// evicted entries have not been touched for a long time.
type slot[V any] struct {
	entry atomic.Pointer[entry[V]]
	// tag is part of the hash, and only a hint: entry is loaded after it.
	tag    atomic.Uint32
	recent atomic.Bool
}

type entry[V any] struct {
	hash  uint64
	view  uint64
	key   string
	value V
	cost  int
}

func (e *entry[V]) tag() uint32 { return uint32(e.hash >> 32) }

// newCache returns a cache of budget bytes for entries of about size bytes, or
// nil if the budget is negative.
func newCache[V any](budget, size int) *cache[V] {
	if budget < 0 {
		return nil
	}
	slots := ways
	for slots*size < 2*budget { // half full, so that few sets overflow
		slots *= 2
	}
	return &cache[V]{seed: maphash.MakeSeed(), slots: make([]slot[V], slots), budget: budget}
}

func (c *cache[V]) set(hash uint64) []slot[V] {
	start := int(hash&uint64(len(c.slots)/ways-1)) * ways
	return c.slots[start : start+ways]
}

// hash makes a key of one view spread independently of the same key of another.
func (c *cache[V]) hash(view uint64, key string) uint64 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
	return maphash.String(c.seed, key) ^ view*golden
}

// get looks up what a view put under a key.
func (c *cache[V]) get(view uint64, key string) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	hash := c.hash(view, key)
	set := c.set(hash)
	for i := range set {
		s := &set[i]
		if s.tag.Load() != uint32(hash>>32) {
			continue
		}
		e := s.entry.Load()
		if e == nil || e.hash != hash || e.view != view || e.key != key {
			continue
		}
		if !s.recent.Load() {
			s.recent.Store(true)
		}
		return e.value, true
	}
	return value, false
}

// put adds an entry of a view that takes cost bytes, including its key.
func (c *cache[V]) put(view uint64, key string, value V, cost int) {
	if c == nil || cost > c.budget {
		return
	}
	e := &entry[V]{hash: c.hash(view, key), view: view, key: key, value: value, cost: cost}
	c.mu.Lock()
	defer c.mu.Unlock()
	mine := c.victim(e)
	if old := mine.entry.Load(); old != nil && (old.view != view || old.key != key) {
		c.evicted++
	}
	c.replace(mine, e)
	for c.used > c.budget {
		s := &c.slots[c.hand]
		c.hand = (c.hand + 1) % len(c.slots)
		if s != mine && s.entry.Load() != nil && !s.recent.Swap(false) {
			c.replace(s, nil)
			c.evicted++
		}
	}
}

// victim chooses the slot for an entry: the slot of the same key, an empty
// slot, or one not hit recently. If all were hit, it evicts one, and the others
// need another hit to stay.
func (c *cache[V]) victim(e *entry[V]) *slot[V] {
	set := c.set(e.hash)
	var empty, idle *slot[V]
	for i := range set {
		s := &set[i]
		old := s.entry.Load()
		switch {
		case old == nil:
			empty = s
		case s.tag.Load() == e.tag() && old.hash == e.hash && old.view == e.view && old.key == e.key:
			return s
		case !s.recent.Load():
			idle = s
		}
	}
	switch {
	case empty != nil:
		return empty
	case idle != nil:
		return idle
	}
	for i := range set {
		set[i].recent.Store(false)
	}
	return &set[e.hash>>48%ways]
}

// replace puts an entry, or nil, into a slot. It does not mark the entry as
// recent: entries used once must not displace entries used repeatedly.
func (c *cache[V]) replace(s *slot[V], e *entry[V]) {
	if e != nil {
		c.used += e.cost
		s.tag.Store(e.tag())
	}
	if old := s.entry.Swap(e); old != nil {
		c.used -= old.cost
	}
	s.recent.Store(false)
}
