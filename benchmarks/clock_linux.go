// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"time"

	"golang.org/x/sys/unix"
)

// usage returns the processor time that the calling thread has used, and how
// often the system took the processor away from it. Other load on the machine
// does not affect the first and shows in the second.
func usage() (time.Duration, int64) {
	// Only this clock is up to date; getrusage lags by up to a tick.
	var spent unix.Timespec
	var r unix.Rusage
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &spent) != nil || unix.Getrusage(unix.RUSAGE_THREAD, &r) != nil {
		return time.Since(start), 0
	}
	return time.Duration(spent.Nano()), r.Nivcsw
}
