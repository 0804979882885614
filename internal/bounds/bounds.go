// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package bounds limits the memory and the time that a fuzz target may spend on
// an input.
package bounds

import (
	"runtime"
	"testing"
	"time"
)

// longest is far more than any input may take, even on a busy machine: only an
// endless loop exceeds it.
const longest = 10 * time.Second

// Hold fails unless do returns and allocates at most the given number of bytes.
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

// allocated stops the world: the counts of package runtime/metrics lag by some
// hundred kilobytes.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
