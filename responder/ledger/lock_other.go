// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix || solaris || aix

package ledger

// lock does nothing: on this system, keeping a second process out is up to the
// operator.
func lock(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}

// syncDir does nothing: the system syncs names in another way, or not at all.
func syncDir(string) error { return nil }
