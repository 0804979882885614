// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package verifier

// raceEnabled tells whether the race detector is on.
const raceEnabled = true
