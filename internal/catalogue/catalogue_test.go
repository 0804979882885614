// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"testing"
)

// No kind of forgery may get lost, nor a case, nor its name.
func TestEveryRowHasCases(t *testing.T) {
	rows, names := make(map[string]int), make(map[string]bool)
	for _, c := range Cases() {
		rows[c.Row()]++
		if names[c.Name()] {
			t.Errorf("two cases are named %s", c.Name())
		}
		names[c.Name()] = true
		if c.Rejected() && c.Row() == "" {
			t.Errorf("%s names no row, and rowOf has none for rule %s", c.Name(), c.Rules()[0])
		}
		if !c.Rejected() && c.row != "" {
			t.Errorf("%s is accepted, and names the row %s", c.Name(), c.row)
		}
	}
	for letter, last := range map[string]int{"S": 35, "T": 29} {
		for n := range last {
			// T19 is about thousands of tokens, and a test of package verifier.
			if row := fmt.Sprintf("%s%02d", letter, n+1); rows[row] == 0 && row != "T19" {
				t.Errorf("no case of row %s", row)
			}
		}
	}
	const fewest = 1000 // forgeries, when this was written
	if n := len(Forgeries()); n < fewest {
		t.Errorf("%d forgeries, fewer than %d", n, fewest)
	} else {
		t.Logf("%d forgeries, %d accepted", n, len(Accepted()))
	}
}

// A case that is published is a token that can be carried about.
func TestPublishedCasesAreSmall(t *testing.T) {
	m := ForTests("../../testdata/vectors")
	for _, c := range Cases() {
		for _, s := range m.Make(&c).Steps {
			if c.Published() && len(s.Token) > 20<<10 {
				t.Errorf("%s: a token of %d bytes", c.Name(), len(s.Token))
			}
		}
	}
}
