// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// start is the origin of all times.
var start = time.Now()

// scaled are the paths for which the throughput of two goroutines is measured.
// The primitive is the control: if it falls short of 2, that is due to the
// machine.
var scaled = []string{"raw_es256", "warm_es256", "hot"}

// windows is the number of parts in a throughput measurement.
const windows = 24

// part is what one goroutine does between two barriers.
type part struct {
	begin, end  time.Duration
	interrupted bool
}

// throughput runs about n operations with this many goroutines on two
// processors, and returns the operations per second. It uses the wall clock,
// because a goroutine that waits for another uses no processor. The goroutines
// meet at a barrier many times, and the part between two barriers counts only
// if the system took the processor from none of them: their waits for each
// other count, their waits for another program do not.
//
// undisturbed is false if there was no such part; the result then covers all
// parts.
func (p Path) throughput(n, workers int) (rate float64, undisturbed bool, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	each := max(1, n/windows/workers)
	do, err := p.Batch(each * windows * workers)
	if err != nil {
		return 0, false, err
	}
	collect()
	var arrived atomic.Int64
	parts := make([][windows]part, workers)
	failures := make([]error, workers)
	work := func(worker int) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		next := worker * each * windows
		for window := range windows {
			arrived.Add(1)
			for arrived.Load() < int64(workers*(window+1)) {
			}
			part := &parts[worker][window]
			_, before := usage()
			part.begin = time.Since(start)
			for range each {
				if err := do(next); err != nil && failures[worker] == nil {
					failures[worker] = err
				}
				next++
			}
			part.end = time.Since(start)
			_, after := usage()
			part.interrupted = after != before
		}
	}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() { work(worker) })
	}
	group.Wait()
	if err := errors.Join(failures...); err != nil {
		return 0, false, err
	}
	rate, undisturbed = perSecond(parts, each)
	return rate, undisturbed, nil
}

// perSecond sums up the windows without interruptions.
func perSecond(parts [][windows]part, each int) (rate float64, undisturbed bool) {
	var counted, all time.Duration
	var good int
	for window := range windows {
		first, last, end, interrupted := parts[0][window].begin, parts[0][window].begin, parts[0][window].end, false
		for worker := range parts {
			part := parts[worker][window]
			first, last, end = min(first, part.begin), max(last, part.begin), max(end, part.end)
			interrupted = interrupted || part.interrupted
		}
		all += end - first
		// A goroutine interrupted at the barrier starts late.
		if !interrupted && last-first < (end-first)/50 {
			counted += end - first
			good++
		}
	}
	if good == 0 {
		return float64(windows*each*len(parts)) / all.Seconds(), false
	}
	return float64(good*each*len(parts)) / counted.Seconds(), true
}

// Scaling is the throughput of two goroutines over one.
type Scaling struct {
	Spread
	// Rounds is the number of rounds with an undisturbed part. If it is 0, the
	// ratio comes from disturbed ones.
	Rounds int
}

// scalings measures the throughput of two goroutines and of one, in turn.
type scalings struct{ good, all [][2]float64 }

// measure measures both once more, for twice n operations, in an order that
// depends on the round.
func (s *scalings) measure(p Path, n, round int) error {
	var pair [2]float64
	undisturbed := true
	for k := range 2 {
		i := (k + round) % 2
		rate, ok, err := p.throughput(2*n, i+1)
		if err != nil {
			return err
		}
		pair[i], undisturbed = rate, undisturbed && ok
	}
	if s.all = append(s.all, pair); undisturbed {
		s.good = append(s.good, pair)
	}
	return nil
}

func (s *scalings) result() Scaling {
	pairs := s.good
	if len(pairs) == 0 {
		pairs = s.all
	}
	var one, two []float64
	for _, pair := range pairs {
		one, two = append(one, pair[0]), append(two, pair[1])
	}
	return Scaling{Spread: spread(two, one, 1), Rounds: len(s.good)}
}
