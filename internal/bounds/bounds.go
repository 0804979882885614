// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package bounds holds what a fuzz target does with an input to the memory and
// the time that the input may cost.
package bounds

import (
	"runtime"
	"testing"
	"time"
)

// longest is far beyond what any input may take, and what a machine that is busy
// with something else makes of it: it is what a loop without an end passes.
const longest = 10 * time.Second

// Hold fails unless do allocates at most so many bytes and comes to an end.
// Nothing else may allocate meanwhile.
func Hold(t testing.TB, bytes uint64, do func()) {
	t.Helper()
	before, start := allocated(), time.Now()
	do()
	if spent := allocated() - before; spent > bytes {
		t.Errorf("%d bytes were allocated, more than %d", spent, bytes)
	}
	if spent := time.Since(start); spent > longest {
		t.Errorf("it took %s", spent)
	}
}

// allocated stops the world: what package runtime/metrics counts is late by some
// hundred kilobytes.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
