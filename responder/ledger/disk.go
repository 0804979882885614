// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"io"
	"os"
)

// disk is what a book needs of a file system. Tests make it fail.
type disk interface {
	open(name string, flag int) (file, error)
	rename(from, to string) error
	syncDir(dir string) error
}

type file interface {
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// system is the disk of the operating system.
type system struct{}

func (system) open(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (system) rename(from, to string) error { return os.Rename(from, to) }

func (system) syncDir(dir string) error { return syncDir(dir) }
