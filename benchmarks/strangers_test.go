// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"testing"

	"github.com/stapledjwt/stapled"
)

// TestStrangers holds that every shape is refused, and after how many
// verifications.
func TestStrangers(t *testing.T) {
	v, tokens, err := newStrangers()
	if err != nil {
		t.Fatal(err)
	}
	const fewest = 100
	if len(tokens) < fewest {
		t.Errorf("%d shapes, fewer than %d", len(tokens), fewest)
	}
	names, most := make(map[string]bool), 0
	for _, token := range tokens {
		if names[token.Name] || len(token.Raw) > stapled.MaxTokenBytes {
			t.Errorf("%s: the name occurs twice, or %d bytes are too many", token.Name, len(token.Raw))
		}
		names[token.Name] = true
		first, err := refuse(v, token.Raw)
		if err != nil {
			t.Errorf("%s: %v", token.Name, err)
			continue
		}
		then, err := refuse(v, token.Raw)
		if err != nil || then > first || then > 1+4 {
			t.Errorf("%s: %d verifications, then %d, %v", token.Name, first, then, err)
		}
		most = max(most, then)
	}
	if most != 4 {
		t.Errorf("at most %d verifications; there are four keys of one name, so one of the shapes has lost its object", most)
	}
}
