// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
)

// TestTokenSizes holds that a slimmed token of every setup is accepted, that
// there is a setup in which the whole one is not, and that a token below an
// intermediate takes at most 2000 bytes with P-256 keys, small certificates, and
// staples that the intermediate signs itself. It logs the table.
func TestTokenSizes(t *testing.T) {
	sizes, err := TokenSizes()
	if err != nil {
		t.Fatal(err)
	}
	refused, smallest := 0, 0
	for _, s := range sizes {
		if s.Slim.Refused || s.Slim.Token >= s.Whole.Token || s.Slim.Staples >= s.Whole.Staples {
			t.Errorf("slimming is of no use: %+v", s)
		}
		if s.Whole.Refused {
			refused++
		}
		if s.Keys == testca.P256 && s.Certificates == "small" && s.Anchor == "intermediate" && !s.Delegate {
			smallest = s.Slim.Token
		}
	}
	if refused == 0 {
		t.Error("no token is refused for its size: this test has lost its object")
	}
	if smallest == 0 || smallest > 2000 {
		t.Errorf("the smallest token has %d bytes", smallest)
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
