// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Path is one way to do one thing.
type Path struct {
	Name string
	// Does says what it does, in a few words.
	Does string
	// Raw names the path of the primitive that it cannot do without, and Times
	// says how often. They are empty for a primitive.
	Raw   string
	Times int
	// Batch prepares n operations: what an operation must not have seen before
	// is made here, outside of what is measured.
	Batch func(n int) (Operation, error)
	// Fresh says that each operation takes something that is made for it.
	Fresh bool
	// Limit bounds the operations of a batch whose preparation takes long; 0 is
	// no bound.
	Limit int
}

// Operation does number i of a batch.
type Operation func(i int) error

// Paths are all paths, the primitives first.
func (s *Setup) Paths() []Path {
	return slices.Concat(s.rawPaths(), s.verifierPaths(), s.issuerPaths(), s.peerPaths(), s.peerSigningPaths())
}

func (s *Setup) path(name string) Path {
	all := s.Paths()
	return all[slices.IndexFunc(all, func(p Path) bool { return p.Name == name })]
}

// run does n operations.
func (p Path) run(n int) error {
	_, err := p.time(n)
	return err
}

// time does n operations and returns the time of one.
func (p Path) time(n int) (time.Duration, error) {
	do, err := p.Batch(n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.Name, err)
	}
	return timed(p.Name, n, do)
}

// timed returns the processor time of one of n operations: what it would take
// on an idle machine.
func timed(name string, n int, do Operation) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	collect()
	before, _ := usage()
	for i := range n {
		if err := do(i); err != nil {
			return 0, fmt.Errorf("%s: operation %d of %d: %w", name, i, n, err)
		}
	}
	after, _ := usage()
	return (after - before) / time.Duration(n), nil
}

// repeated is a batch that does the same few operations over and over, for
// what remembers nothing.
func repeated(length int, do Operation) func(int) (Operation, error) {
	return func(int) (Operation, error) {
		return func(i int) error { return do(i % length) }, nil
	}
}

// onTokens is a batch of operations on tokens that are made for it.
func onTokens(make1 func(n int) ([]string, error), do func(raw string) error) func(int) (Operation, error) {
	return func(n int) (Operation, error) {
		raw, err := make1(n)
		if err != nil {
			return nil, err
		}
		return func(i int) error { return do(raw[i]) }, nil
	}
}
