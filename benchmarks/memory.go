// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import "runtime"

// collect runs the garbage collector, so that an operation is not charged for
// what its preparation left behind.
func collect() { runtime.GC() }

// Memory is what one operation allocates.
type Memory struct{ Allocs, Bytes uint64 }

// Memory measures what one operation allocates, over n of them. Like
// testing.AllocsPerRun, it rounds down: an allocation made less than once per
// operation, such as a buffer that a collection took from a pool, does not
// count.
func (p Path) Memory(n int) (Memory, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	do, err := p.Batch(n + 1)
	if err != nil {
		return Memory{}, err
	}
	collect()
	if err := do(n); err != nil { // the first run fills pools
		return Memory{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		if err := do(i); err != nil {
			return Memory{}, err
		}
	}
	runtime.ReadMemStats(&after)
	return Memory{
		Allocs: (after.Mallocs - before.Mallocs) / uint64(n),
		Bytes:  (after.TotalAlloc - before.TotalAlloc) / uint64(n),
	}, nil
}

// live returns the size of the heap in use.
func live() int64 {
	// The second collection empties what the first left in pools.
	collect()
	collect()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
