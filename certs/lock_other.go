// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix || solaris || aix

package certs

import "sync"

var saving sync.Mutex

// lockDir excludes other goroutines of this process.
func lockDir(string) (unlock func(), err error) {
	saving.Lock()
	return saving.Unlock, nil
}

// syncDir does nothing: the system syncs names in another way, or not at all.
func syncDir(string) error { return nil }
