// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapled_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
)

func TestErrorText(t *testing.T) {
	cause := stapled.Errorf(stapled.StapleStale, "nextUpdate has passed")
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"reason and cause", cause, "staple_stale: nextUpdate has passed"},
		{"a cause with the same reason", &stapled.Error{Reason: stapled.StapleStale, Err: cause}, "staple_stale: nextUpdate has passed"},
		{"a cause with another reason", &stapled.Error{Reason: stapled.StapleMissing, Err: cause}, "staple_missing: staple_stale: nextUpdate has passed"},
		{"no cause", &stapled.Error{Reason: stapled.Malformed}, "malformed"},
		{"the zero value", &stapled.Error{}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.err.Error(); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestErrorIs(t *testing.T) {
	err := fmt.Errorf("outside: %w", stapled.Errorf(stapled.StapleMissing, "no staple yet: %w",
		stapled.Errorf(stapled.CertificateRevoked, "read: %w", fs.ErrNotExist)))
	for _, target := range []error{stapled.StapleMissing, stapled.CertificateRevoked, fs.ErrNotExist} {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
	for _, target := range []error{stapled.StapleStale, stapled.Reason(""), fs.ErrExist} {
		if errors.Is(err, target) {
			t.Errorf("%v is %v", err, target)
		}
	}
}

func TestReasonsAreDistinct(t *testing.T) {
	reasons := stapled.Reasons()
	slices.Sort(reasons)
	if compact := slices.Compact(slices.Clone(reasons)); len(compact) != len(reasons) || len(reasons) == 0 || reasons[0] == "" {
		t.Errorf("not distinct or empty: %q", reasons)
	}
}
