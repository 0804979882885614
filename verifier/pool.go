// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxKnown limits the certificates in a pool.
	maxKnown = 1 << 16
	// maxForgotten limits what one call forgets, so that no verification pays
	// for many others. More than one goes for each that comes.
	maxForgotten = 16
)

// facts is what a pool knows about a certificate; see [revocations]. A zero time
// means that there is no such fact.
type facts struct {
	final           time.Time
	held, heldUntil time.Time
	good            time.Time
	until           time.Time // when none of them matters any longer
}

// add adds other facts about the same certificate.
func (f *facts) add(other facts) {
	f.final = latest(f.final, other.final)
	switch {
	case other.held.After(f.held):
		f.held, f.heldUntil = other.held, other.heldUntil
	case other.held.Equal(f.held):
		f.heldUntil = latest(f.heldUntil, other.heldUntil)
	}
	f.good = latest(f.good, other.good)
	f.until = latest(f.until, other.until)
}

// pool is a bounded set of facts about certificates. When it is full, the
// certificate with the oldest date goes, even if that is the new one. Facts that
// no longer matter are forgotten little by little. The zero pool is empty.
//
// get costs one atomic load while the pool is empty, and does not allocate. put
// takes logarithmic time.
type pool struct {
	count   atomic.Int32 // len(known)
	mu      sync.RWMutex
	known   map[certificateID]*dated
	order   [2]ranking // by date, and by the end of the facts
	evicted uint64
}

// The orders of a pool.
const (
	byDate = iota
	byEnd
)

// dated is an entry of a pool, with its places in the two orders.
type dated struct {
	facts
	cert  certificateID
	date  time.Time
	place [2]int
}

// before compares two entries in one of the orders.
func (d *dated) before(other *dated, by int) bool {
	if by == byDate {
		return d.date.Before(other.date)
	}
	return d.until.Before(other.until)
}

// get returns what is known of a certificate and still matters.
func (p *pool) get(cert certificateID, now time.Time) (facts, bool) {
	if p.count.Load() == 0 {
		return facts{}, false
	}
	p.mu.RLock()
	var found facts
	d, ok := p.known[cert]
	if ok {
		found = d.facts
	}
	due := p.due(now)
	p.mu.RUnlock()
	if due {
		p.mu.Lock()
		p.forget(now)
		p.mu.Unlock()
	}
	return found, ok && !now.After(found.until)
}

// put adds facts about a certificate. Of two dates for one certificate the later
// one counts.
func (p *pool) put(cert certificateID, date, now time.Time, f facts) {
	if now.After(f.until) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if d, ok := p.known[cert]; ok {
		d.add(f)
		d.date = latest(d.date, date)
		for i := range p.order {
			heap.Fix(&p.order[i], d.place[i])
		}
		return
	}
	if len(p.known) >= maxKnown {
		p.evicted++
		oldest := p.order[byDate].list[0]
		if !date.After(oldest.date) {
			return
		}
		p.remove(oldest)
	}
	if p.known == nil {
		p.known = make(map[certificateID]*dated)
		p.order = [2]ranking{byDate: {by: byDate}, byEnd: {by: byEnd}}
	}
	d := &dated{facts: f, cert: cert, date: date}
	p.known[cert] = d
	for i := range p.order {
		heap.Push(&p.order[i], d)
	}
	p.count.Store(int32(len(p.known)))
}

// due reports whether there is something to forget.
func (p *pool) due(now time.Time) bool {
	ends := p.order[byEnd].list
	return len(ends) > 0 && now.After(ends[0].until)
}

// forget drops certificates of which nothing matters any longer.
func (p *pool) forget(now time.Time) {
	for range maxForgotten {
		if !p.due(now) {
			return
		}
		p.remove(p.order[byEnd].list[0])
	}
}

func (p *pool) remove(d *dated) {
	delete(p.known, d.cert)
	for i := range p.order {
		heap.Remove(&p.order[i], d.place[i])
	}
	p.count.Store(int32(len(p.known)))
}

// ranking is a heap of entries, the earliest first.
type ranking struct {
	by   int
	list []*dated
}

func (r *ranking) Len() int           { return len(r.list) }
func (r *ranking) Less(i, j int) bool { return r.list[i].before(r.list[j], r.by) }
func (r *ranking) Swap(i, j int) {
	r.list[i], r.list[j] = r.list[j], r.list[i]
	r.list[i].place[r.by], r.list[j].place[r.by] = i, j
}

func (r *ranking) Push(x any) {
	d := x.(*dated)
	d.place[r.by] = len(r.list)
	r.list = append(r.list, d)
}

func (r *ranking) Pop() any {
	last := len(r.list) - 1
	d := r.list[last]
	r.list[last] = nil
	r.list = r.list[:last]
	return d
}
