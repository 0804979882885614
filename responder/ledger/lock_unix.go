// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !solaris && !aix

package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock keeps other processes out until unlock or the end of the process.
func lock(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	switch err {
	case nil:
		return func() error {
			// Not by closing alone: a process that is just being started has the
			// file open too.
			return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
		}, nil
	case syscall.EWOULDBLOCK:
		err = fmt.Errorf("another process holds %s; give each responder a directory of its own", name)
	default:
		err = &os.PathError{Op: "lock", Path: name, Err: err}
	}
	return nil, errors.Join(err, f.Close())
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
