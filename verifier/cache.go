// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// ways is the number of slots that a key may be in.
const ways = 4

// cache is a bounded map that readers never wait for. Keys are compared whole;
// their hash, keyed with a random seed, only says where to look. Its memory is
// accounted in bytes and evicted by CLOCK: an entry that was hit since the hand
// last passed stays. A nil cache holds nothing.
type cache[V any] struct {
	seed  maphash.Seed
	slots []slot[V] // a power of two, in sets of ways

	mu     sync.Mutex // for writers
	budget int
	used   int
	hand   int
}

// slot has what can be told of an entry without touching its memory. A set of
// slots is one line of a processor's cache, and what is looked for is mostly
// not there, or what is evicted has not been touched for long.
type slot[V any] struct {
	entry atomic.Pointer[entry[V]]
	// tag is a part of the hash: a hint, for entry is loaded after it.
	tag    atomic.Uint32
	recent atomic.Bool
}

type entry[V any] struct {
	hash  uint64
	key   string
	value V
	cost  int
}

func (e *entry[V]) tag() uint32 { return uint32(e.hash >> 32) }

// newCache makes a cache of budget bytes for entries of about size bytes; nil
// for a budget below 0.
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

func (c *cache[V]) get(key string) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	hash := maphash.String(c.seed, key)
	set := c.set(hash)
	for i := range set {
		s := &set[i]
		if s.tag.Load() != uint32(hash>>32) {
			continue
		}
		e := s.entry.Load()
		if e == nil || e.hash != hash || e.key != key {
			continue
		}
		if !s.recent.Load() {
			s.recent.Store(true)
		}
		return e.value, true
	}
	return value, false
}

// put adds an entry that takes cost bytes, its key included.
func (c *cache[V]) put(key string, value V, cost int) {
	if c == nil || cost > c.budget {
		return
	}
	e := &entry[V]{hash: maphash.String(c.seed, key), key: key, value: value, cost: cost}
	c.mu.Lock()
	defer c.mu.Unlock()
	mine := c.victim(e)
	c.replace(mine, e)
	for c.used > c.budget {
		s := &c.slots[c.hand]
		c.hand = (c.hand + 1) % len(c.slots)
		if s != mine && s.entry.Load() != nil && !s.recent.Swap(false) {
			c.replace(s, nil)
		}
	}
}

// victim chooses the slot for an entry: that of the same key, an empty one, or
// one that was not hit lately. If all were, one of them goes, and the others
// have to be hit again to stay.
func (c *cache[V]) victim(e *entry[V]) *slot[V] {
	set := c.set(e.hash)
	var empty, idle *slot[V]
	for i := range set {
		s := &set[i]
		old := s.entry.Load()
		switch {
		case old == nil:
			empty = s
		case s.tag.Load() == e.tag() && old.hash == e.hash && old.key == e.key:
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

// replace puts an entry, or none, into a slot. It is not marked as recent: what
// is used once must not displace what is used again.
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
