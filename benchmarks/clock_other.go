// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package benchmarks

import "time"

// usage returns elapsed time: this system does not report what a thread has
// used, so the machine should be idle.
func usage() (time.Duration, int64) { return time.Since(start), 0 }
