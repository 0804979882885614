// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !solaris && !aix

package certs

import (
	"errors"
	"os"
	"syscall"
)

// lockDir waits until nobody else is saving into a directory, and keeps others
// out. If the file system cannot lock a directory, locking is up to the caller.
func lockDir(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	switch err {
	case nil, syscall.EBADF, syscall.EINVAL, syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP:
		return func() { d.Close() }, nil
	}
	return nil, errors.Join(&os.PathError{Op: "lock", Path: dir, Err: err}, d.Close())
}

// syncDir flushes the names in a directory to disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EOPNOTSUPP) {
		err = nil // not supported by this file system
	}
	return errors.Join(err, d.Close())
}
