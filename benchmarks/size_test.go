// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"strings"
	"testing"
)

// TestTokenSizes holds that a slimmed token of every setup is accepted, and that
// there is a setup in which the whole one is not. It logs the table.
func TestTokenSizes(t *testing.T) {
	sizes, err := TokenSizes()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, s := range sizes {
		if s.Slim.Refused || s.Slim.Token >= s.Whole.Token || s.Slim.Staples >= s.Whole.Staples {
			t.Errorf("slimming is of no use: %+v", s)
		}
		if s.Whole.Refused {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no token is refused for its size: this test has lost its object")
	}
	var table strings.Builder
	if err := SizeTable(sizes).Text(&table); err != nil {
		t.Fatal(err)
	}
	if strings.Count(table.String(), "refused") != refused {
		t.Errorf("the table does not mark what is refused:\n%s", table.String())
	}
	t.Logf("\n%s", table.String())
}
