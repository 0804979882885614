// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/cli"
)

// TestUnexpectedStep: a step that goes otherwise shows, and counts.
func TestUnexpectedStep(t *testing.T) {
	for _, row := range []struct {
		name string
		step step
		want bool
	}{
		{"as expected", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "r", HTTPStatus: 401}, true},
		{"no request", step{Expected: accepted, Outcome: accepted}, true},
		{"other outcome", step{Expected: rejected, Outcome: accepted, HTTPStatus: 200}, false},
		{"other reason", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "s", HTTPStatus: 401}, false},
		{"other status", step{Expected: rejected, Outcome: rejected, expectedReason: "r", Reason: "r", HTTPStatus: 403}, false},
	} {
		var out strings.Builder
		s := &show{Console: &cli.Console{Stdout: &out}}
		if err := s.end(row.step); err != nil {
			t.Fatal(err)
		}
		if (s.failed == 0) != row.want || strings.Contains(out.String(), "✘") == row.want {
			t.Errorf("%s: failed %d: %s", row.name, s.failed, out.String())
		}
	}
}
