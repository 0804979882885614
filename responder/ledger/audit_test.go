// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
)

// TestAudit: one line for each final revocation, also across a restart, and none
// for a hold.
func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	lines := func() int { return strings.Count(w.log(), `msg="certificate revoked"`) }
	for i, row := range []struct {
		name   string
		status responder.Status
		want   int
	}{
		{"good", good(start.Add(time.Hour)), 0},
		{"on hold", revoked(6, start.Add(time.Hour)), 0},
		{"revoked", revoked(1, start.Add(time.Hour)), 1},
		{"again", revoked(1, start.Add(time.Hour)), 1},
		{"with a later end", revoked(1, start.Add(2*time.Hour)), 1},
	} {
		w.set(row.status, nil)
		_, err := w.Status(t.Context(), number)
		check(t, err)
		if got := lines(); got != row.want {
			t.Errorf("%d, %s: %d lines, want %d:\n%s", i, row.name, got, row.want, w.log())
		}
	}
	if want := "serial=0x" + number.Text(16) + " revocation_reason=keyCompromise revoked_at="; !strings.Contains(w.log(), want) {
		t.Errorf("the line does not have %s:\n%s", want, w.log())
	}
	check(t, w.ledger.Close())
	w.open()
	_, err := w.Status(t.Context(), number)
	check(t, err)
	check(t, w.Record(func(yield func(*big.Int, responder.Status) bool) {
		_ = yield(number, revoked(1, start.Add(time.Hour))) && yield(big.NewInt(99), revoked(1, start.Add(time.Hour)))
	}))
	if got := lines(); got != 2 {
		t.Errorf("after a restart and another revocation: %d lines, want 2:\n%s", got, w.log())
	}
}
