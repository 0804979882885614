// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
)

// TestUnreadable: with the reason permission_denied, the message says who may
// read the file, and the command adds nothing.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		cause error
		want  stapled.Reason
		says  string
	}{
		{fs.ErrPermission, stapled.PermissionDenied, "run this as the user who owns /ca"},
		{fs.ErrInvalid, stapled.Failed, "invalid argument"},
	} {
		err := layout("/ca").unreadable("read the password", &fs.PathError{Op: "open", Path: "/ca/secrets/password", Err: row.cause})
		if !errors.Is(err, row.want) || !errors.Is(err, row.cause) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("got %v, want %v that says %q", err, row.want, row.says)
		}
	}
}
