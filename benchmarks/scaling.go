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

// start is what times are counted from.
var start = time.Now()

// scaled are the paths of which the throughput of two goroutines is measured.
// The primitive is the control: what it falls short of 2 by is the machine's.
var scaled = []string{"raw_es256", "warm_es256", "hot"}

// windows is the number of parts that a measurement of throughput has.
const windows = 24

// part is what one goroutine does between two barriers.
type part struct {
	begin, end  time.Duration
	interrupted bool
}

// throughput does about n operations with so many goroutines on two
// processors, and returns the operations per second. It counts by the clock on
// the wall, because a goroutine that waits for another uses no processor. The
// goroutines meet at a barrier many times, and what they do in between counts
// only if the system took the processor from none of them: waiting for each
// other is theirs, waiting for another program is not.
//
// undisturbed is false if there was no such part; the result then is that of
// all.
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

// perSecond sums up the windows in which nobody was interrupted.
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
		// Whoever was interrupted at the barrier begins late.
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
	// Rounds in which there was an undisturbed part. If it is 0, the ratio is
	// of disturbed ones.
	Rounds int
}

// scalings measures the throughput of two goroutines and of one, in turn.
type scalings struct{ good, all [][2]float64 }

// measure does so once more, for twice n operations, and takes the order from
// the round.
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
