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
	slots []atomic.Pointer[entry[V]] // a power of two, in sets of ways

	mu     sync.Mutex // for writers
	budget int
	used   int
	hand   int
}

type entry[V any] struct {
	hash   uint64
	key    string
	value  V
	cost   int
	recent atomic.Bool
}

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
	return &cache[V]{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[entry[V]], slots), budget: budget}
}

func (c *cache[V]) set(hash uint64) []atomic.Pointer[entry[V]] {
	start := int(hash&uint64(len(c.slots)/ways-1)) * ways
	return c.slots[start : start+ways]
}

func (c *cache[V]) get(key string) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	if e := c.find(maphash.String(c.seed, key), func(e *entry[V]) bool { return e.key == key }); e != nil {
		return e.value, true
	}
	return value, false
}

// getBytes is get for a key that is no string yet.
func (c *cache[V]) getBytes(key []byte) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	if e := c.find(maphash.Bytes(c.seed, key), func(e *entry[V]) bool { return e.key == string(key) }); e != nil {
		return e.value, true
	}
	return value, false
}

func (c *cache[V]) find(hash uint64, hasKey func(*entry[V]) bool) *entry[V] {
	set := c.set(hash)
	for i := range set {
		e := set[i].Load()
		if e == nil || e.hash != hash || !hasKey(e) {
			continue
		}
		if !e.recent.Load() {
			e.recent.Store(true)
		}
		return e
	}
	return nil
}

// put adds an entry that takes cost bytes, its key included.
func (c *cache[V]) put(key string, value V, cost int) {
	if c == nil || cost > c.budget {
		return
	}
	// It is not marked as recent: what is used once must not displace what is
	// used again.
	e := &entry[V]{hash: maphash.String(c.seed, key), key: key, value: value, cost: cost}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replace(c.victim(e), e)
	for c.used > c.budget {
		slot := &c.slots[c.hand]
		c.hand = (c.hand + 1) % len(c.slots)
		if old := slot.Load(); old != nil && old != e && !old.recent.Swap(false) {
			c.replace(slot, nil)
		}
	}
}

// victim chooses the slot for an entry: that of the same key, an empty one, or
// one that was not hit lately. If all were, one of them goes, and the others
// have to be hit again to stay.
func (c *cache[V]) victim(e *entry[V]) *atomic.Pointer[entry[V]] {
	set := c.set(e.hash)
	var empty, idle *atomic.Pointer[entry[V]]
	for i := range set {
		switch old := set[i].Load(); {
		case old == nil:
			empty = &set[i]
		case old.hash == e.hash && old.key == e.key:
			return &set[i]
		case !old.recent.Load():
			idle = &set[i]
		}
	}
	switch {
	case empty != nil:
		return empty
	case idle != nil:
		return idle
	}
	for i := range set {
		set[i].Load().recent.Store(false)
	}
	return &set[e.hash>>32%ways]
}

func (c *cache[V]) replace(slot *atomic.Pointer[entry[V]], e *entry[V]) {
	if e != nil {
		c.used += e.cost
	}
	if old := slot.Swap(e); old != nil {
		c.used -= old.cost
	}
}
