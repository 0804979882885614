// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// TestUnreadableSaysWho: the command adds advice of its own to an error about
// permissions, unless the text says "run this as".
func TestUnreadableSaysWho(t *testing.T) {
	err := layout("d").unreadable("open the database", &fs.PathError{Op: "open", Path: "d/db", Err: fs.ErrPermission})
	if !strings.Contains(err.Error(), "; run this as the user who owns d") {
		t.Error(err)
	}
	other := layout("d").unreadable("open the database", fmt.Errorf("broken"))
	if strings.Contains(other.Error(), "run this as") {
		t.Error(other)
	}
}
