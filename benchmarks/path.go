// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Path is one way to do one thing.
type Path struct {
	Name string
	// Does describes the path in a few words.
	Does string
	// Raw names the path of the primitive that it needs, and Times says how often.
	// They are empty for a primitive.
	Raw   string
	Times int
	// Batch prepares n operations: it makes everything that must be new to an
	// operation, outside the measured time.
	Batch func(n int) (Operation, error)
	// Fresh reports whether each operation takes something made for it.
	Fresh bool
	// Limit bounds the operations of a batch that takes long to prepare; 0 means no
	// bound.
	Limit int
}

// Operation runs number i of a batch.
type Operation func(i int) error

// Paths returns all paths, the primitives first.
func (s *Setup) Paths() []Path {
	return slices.Concat(s.rawPaths(), s.verifierPaths(), s.issuerPaths(), s.peerPaths(), s.peerSigningPaths())
}

func (s *Setup) path(name string) Path {
	all := s.Paths()
	return all[slices.IndexFunc(all, func(p Path) bool { return p.Name == name })]
}

// run runs n operations.
func (p Path) run(n int) error {
	_, err := p.time(n)
	return err
}

// time runs n operations and returns the time of one.
func (p Path) time(n int) (time.Duration, error) {
	do, err := p.Batch(n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	return timed(p.Name, n, do)
}

// timed runs n operations and returns the processor time of one: what it would
// take on an idle machine.
func timed(name string, n int, do Operation) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	collect()
	before, _ := usage()
	if err := doAll(name, do, 0, n); err != nil {
		return 0, err
	}
	after, _ := usage()
	return (after - before) / time.Duration(n), nil
}

// Primitive names the primitive measured in turn with the path: the one that
// the path needs, or the one of its kind.
func (p Path) Primitive() string {
	switch {
	case p.Raw != "":
		return p.Raw
	case strings.HasPrefix(p.Name, "raw_"):
		return p.Name
	case strings.HasSuffix(p.Name, "_sign"):
		return "raw_sign_es256"
	}
	return "raw_es256"
}

// steps is the number of operations of each side before the other's turn.
const steps = 4

// inTurn runs n operations, and after every few of them the primitive, so that
// both see the same machine. In the time of one primitive the path runs about
// chunk operations.
func (p Path) inTurn(primitive Path, n, chunk int) (each, raw time.Duration, err error) {
	turns, rawSteps := max(1, n/(chunk*steps)), steps*max(1, p.Times)
	do, err := p.Batch(turns * chunk * steps)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	doRaw, err := primitive.Batch(turns * rawSteps)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", primitive.Name, err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	collect()
	for turn := range turns {
		start, _ := usage()
		if err := doAll(p.Name, do, turn*chunk*steps, chunk*steps); err != nil {
			return 0, 0, err
		}
		middle, _ := usage()
		if err := doAll(primitive.Name, doRaw, turn*rawSteps, rawSteps); err != nil {
			return 0, 0, err
		}
		end, _ := usage()
		each, raw = each+middle-start, raw+end-middle
	}
	return each / time.Duration(turns*chunk*steps), raw / time.Duration(turns*rawSteps), nil
}

func doAll(name string, do Operation, first, n int) error {
	for i := first; i < first+n; i++ {
		if err := do(i); err != nil {
			return fmt.Errorf("%s: operation %d: %w", name, i, err)
		}
	}
	return nil
}

// repeated makes a batch that repeats the same few operations, for code that
// remembers nothing.
func repeated(length int, do Operation) func(int) (Operation, error) {
	return func(int) (Operation, error) {
		return func(i int) error { return do(i % length) }, nil
	}
}

// onTokens makes a batch of operations on tokens made for it.
func onTokens(make1 func(n int) ([]string, error), do func(raw string) error) func(int) (Operation, error) {
	return func(n int) (Operation, error) {
		raw, err := make1(n)
		if err != nil {
			return nil, err
		}
		return func(i int) error { return do(raw[i]) }, nil
	}
}
