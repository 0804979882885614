// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Disagreements are the cases, by name, in which stapled intentionally differs
// from a suite, and why.
type Disagreements map[string]string

// Tally counts the results of the cases of a suite.
type Tally struct {
	Suite  string `json:"suite"`
	Source Source `json:"source"`
	// Run says what the suite was compared with.
	Run    string `json:"run"`
	Cases  int    `json:"cases"`
	Agreed int    `json:"agreed"`
	// Policy counts, by the switch that they need, the cases that the suite itself
	// expects to be refused without a permissive switch, and that were refused.
	Policy  map[string]int `json:"policy,omitempty"`
	Differs []Difference   `json:"differs"`
}

// Difference is a case in which stapled's result is not the one that the suite
// expects.
type Difference struct {
	Case     string `json:"case"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Why      string `json:"why"`
}

// NewTally starts the tally of a suite.
func NewTally[Case any](suite *Suite[Case], run string) *Tally {
	return &Tally{Suite: suite.Name, Source: suite.Source, Run: run, Policy: make(map[string]int)}
}

// Add counts a case. Known must explain outcomes that differ.
func (y *Tally) Add(t testing.TB, name, expected, got string, known Disagreements) {
	t.Helper()
	y.Cases++
	why, listed := known[name]
	switch {
	case expected == got && listed:
		t.Errorf("%s: listed as a disagreement (%s), but the outcome is %s as expected", name, why, got)
	case expected == got:
		y.Agreed++
	case !listed:
		t.Errorf("%s: got %s, the suite expects %s", name, got, expected)
	default:
		y.Differs = append(y.Differs, Difference{Case: name, Expected: expected, Got: got, Why: why})
	}
}

// AddPolicy counts a case that needs a switch that stapled does not have: it
// must be refused.
func (y *Tally) AddPolicy(t testing.TB, name, needs, got string) {
	t.Helper()
	y.Cases++
	y.Policy[needs]++
	if got != "reject" {
		t.Errorf("%s: got %s although it needs %s", name, got, needs)
	}
}

// Observe counts a case that the suite does not recommend for this kind of
// validator: it records a difference, which is not a failure.
func (y *Tally) Observe(name, expected, got, why string) {
	y.Cases++
	if expected == got {
		y.Agreed++
		return
	}
	y.Differs = append(y.Differs, Difference{Case: name, Expected: expected, Got: got, Why: why})
}

// Write logs the tally, and writes it to the directory in STAPLED_CONFORMANCE.
func (y *Tally) Write(t testing.TB) {
	t.Helper()
	if y.Cases == 0 {
		return
	}
	refused := 0
	for _, n := range y.Policy {
		refused += n
	}
	t.Logf("%s, %s: %d cases, %d agreed, %d refused for want of a switch, %d differ on purpose",
		y.Suite, y.Run, y.Cases, y.Agreed, refused, len(y.Differs))
	if os.Getenv(ResultVariable) == "" {
		return
	}
	dir := directory(t, ResultVariable)
	data, err := json.MarshalIndent(y, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, y.Suite+"."+y.Run+".json"), append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// CheckListed fails for an entry in known that matches no case.
func CheckListed(t testing.TB, known Disagreements, cases map[string]bool) {
	t.Helper()
	for name := range known {
		if !cases[name] {
			t.Errorf("%s is listed as a disagreement, but no suite has it", name)
		}
	}
}
