// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package exhaustive lets a test that could run for minutes try a sample of its
// variants by default, and all of them in the gate.
package exhaustive

import (
	"os"
	"testing"
)

// Variable is the environment variable that requests every variant.
const Variable = "STAPLED_EXHAUSTIVE"

// Of returns all if [Variable] is 1, else sample. It logs the result in the
// test's log, so a gate can see what ran.
func Of(t testing.TB, all, sample int) int {
	t.Helper()
	if os.Getenv(Variable) == "1" {
		t.Logf("exhaustive: %d, where %d are the usual sample", all, sample)
		return all
	}
	t.Logf("a sample: %d of %d; %s=1 runs all", sample, all, Variable)
	return sample
}
