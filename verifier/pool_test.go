// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// numbered returns the ID of a certificate that does not exist.
func numbered(n int) (id certificateID) {
	binary.BigEndian.PutUint32(id[:], uint32(n))
	return id
}

// after returns a time after testca.Now.
func after(d time.Duration) time.Time { return testca.Now.Add(d) }

// knows reports whether a pool knows anything that matters about a certificate.
func (p *pool) knows(n int, now time.Time) bool {
	_, ok := p.get(numbered(n), now)
	return ok
}

// mention puts facts that matter until a time.
func (p *pool) mention(n int, date, now, until time.Time) {
	p.put(numbered(n), date, now, facts{final: until, until: until})
}

// A pool is bounded. When it is full, the oldest date goes, be it new or not,
// and what goes is counted.
func TestPoolIsBounded(t *testing.T) {
	hour := after(time.Hour)
	const victim, much = 0, 2 * maxKnown
	t.Run("older ones behind it", func(t *testing.T) {
		// S36, as far as presented staples go.
		var p pool
		p.mention(victim, after(-time.Minute), testca.Now, hour)
		for n := 1; n <= maxKnown; n++ {
			p.mention(n, after(-time.Hour-time.Duration(n)*time.Second), testca.Now, hour)
		}
		if !p.knows(victim, testca.Now) {
			t.Error("older revocations have evicted it")
		}
		if p.knows(maxKnown, testca.Now) || len(p.known) != maxKnown || p.evicted != 1 {
			t.Errorf("%d known, %d evicted; the oldest is known: %t", len(p.known), p.evicted, p.knows(maxKnown, testca.Now))
		}
	})
	t.Run("newer ones behind it", func(t *testing.T) {
		var p pool
		for n := range much {
			p.mention(n, after(time.Duration(n)*time.Second-48*time.Hour), testca.Now, hour)
			if len(p.known) > maxKnown {
				t.Fatalf("%d known", len(p.known))
			}
		}
		for n := range much {
			if p.knows(n, testca.Now) != (n >= maxKnown) {
				t.Fatalf("number %d is known: %t", n, n < maxKnown)
			}
		}
		if p.evicted != maxKnown || int(p.count.Load()) != maxKnown {
			t.Errorf("%d evicted, %d counted", p.evicted, p.count.Load())
		}
	})
	t.Run("as old as the oldest", func(t *testing.T) {
		var p pool
		for n := range maxKnown + 1 {
			p.mention(n, testca.Now, testca.Now, hour)
		}
		if !p.knows(victim, testca.Now) || p.knows(maxKnown, testca.Now) {
			t.Error("one that is not older has been evicted")
		}
	})
	t.Run("again", func(t *testing.T) {
		var p pool
		for n := range maxKnown {
			p.mention(n, after(-time.Hour), testca.Now, hour)
		}
		p.mention(victim, testca.Now, testca.Now, hour)
		p.mention(maxKnown, after(-time.Minute), testca.Now, hour)
		if !p.knows(victim, testca.Now) || !p.knows(maxKnown, testca.Now) || p.evicted != 1 {
			t.Errorf("the later date does not count; %d evicted", p.evicted)
		}
	})
}

// What no longer matters is forgotten as time passes, by whatever is done next,
// and a little at a time.
func TestPoolForgets(t *testing.T) {
	const n = 10 * maxForgotten
	for name, touch := range map[string]func(p *pool, now time.Time){
		"get": func(p *pool, now time.Time) { p.knows(n+1, now) },
		"put": func(p *pool, now time.Time) { p.mention(n+1, now, now, now.Add(time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			var p pool
			for i := range n {
				p.mention(i, testca.Now, testca.Now, after(time.Hour))
			}
			p.mention(n, testca.Now, testca.Now, after(4*time.Hour))
			if touch(&p, after(time.Hour)); !p.knows(0, after(time.Hour)) {
				t.Fatal("forgotten while it matters")
			}
			later, before := after(2*time.Hour), len(p.known)
			if p.knows(0, later) {
				t.Error("what no longer matters is known")
			}
			touch(&p, later)
			if gone := before - len(p.known); gone > 2*maxForgotten || gone < maxForgotten {
				t.Errorf("%d forgotten at once", gone)
			}
			for range n {
				touch(&p, later)
			}
			if !p.knows(n, later) || len(p.known) > 2 || p.evicted != 0 {
				t.Errorf("%d known, %d evicted", len(p.known), p.evicted)
			}
			for range n {
				p.knows(n, after(24*time.Hour))
			}
			if p.count.Load() != 0 || len(p.known) != 0 {
				t.Errorf("%d known, and nothing matters", len(p.known))
			}
		})
	}
	t.Run("what never mattered", func(t *testing.T) {
		var p pool
		p.mention(0, testca.Now, testca.Now, after(-1))
		if p.count.Load() != 0 {
			t.Error("it is known")
		}
	})
}

// A pool does what a list would do that is searched from end to end.
func TestPoolModel(t *testing.T) {
	type entry struct{ date, until time.Time }
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var p pool
			model, now := make(map[int]entry), testca.Now
			for range 2000 {
				now = now.Add(time.Duration(random.IntN(3)) * time.Second)
				n := random.IntN(100)
				e := entry{now.Add(-time.Duration(random.IntN(50)) * time.Second), now.Add(time.Duration(random.IntN(100)) * time.Second)}
				p.mention(n, e.date, now, e.until)
				if old, ok := model[n]; ok && !now.After(old.until) {
					e.until = latest(e.until, old.until)
				}
				model[n] = e
				n = random.IntN(100)
				if known, ok := model[n]; p.knows(n, now) != (ok && !now.After(known.until)) {
					t.Fatalf("number %d is known: %t", n, !ok)
				}
			}
			checkOrder(t, &p)
		})
	}
}

// checkOrder checks that both orders of a pool are heaps of all entries.
func checkOrder(t *testing.T, p *pool) {
	t.Helper()
	for by := range p.order {
		list := p.order[by].list
		if len(list) != len(p.known) || len(list) == 0 {
			t.Fatalf("%d in order, %d known", len(list), len(p.known))
		}
		for i, d := range list {
			if p.known[d.cert] != d || d.place[by] != i {
				t.Fatal("an entry is in another place than it says")
			}
			if i > 0 && d.before(list[(i-1)/2], by) {
				t.Fatal("out of order")
			}
		}
	}
}

// Asking costs no memory, and next to nothing while nothing is known.
func TestPoolDoesNotAllocate(t *testing.T) {
	var p pool
	ask := func() { p.knows(7, testca.Now) }
	if n := testing.AllocsPerRun(100, ask); n != 0 {
		t.Errorf("empty: %v allocations", n)
	}
	for n := range 100 {
		p.mention(n, testca.Now, testca.Now, after(time.Hour))
	}
	if n := testing.AllocsPerRun(100, ask); n != 0 {
		t.Errorf("not empty: %v allocations", n)
	}
	// The lock would be waited for if it were taken.
	p.count.Store(0)
	p.mu.Lock()
	defer p.mu.Unlock()
	ask()
}
