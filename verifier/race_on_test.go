// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package verifier

// raceEnabled reports whether the race detector is on.
const raceEnabled = true
