// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled"
)

// copyPatience limits how long to wait for a moment without a commit.
const copyPatience = 10 * time.Second

// copyBBolt copies a bbolt file into a directory, also while a CA writes to it,
// and returns the copy.
//
// A commit first writes pages that the newest header does not lead to, and then
// its own header. So all that a header leads to stays as it is until the commit
// after next, and a copy is whole if the headers before and after it are equal.
func copyBBolt(ctx context.Context, name, dir string) (string, error) {
	made := filepath.Join(dir, "db")
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return "", context.Cause(ctx)
		}
		same, err := tryCopyBBolt(name, made)
		switch {
		case err != nil:
			return "", err
		case same:
			return made, nil
		case time.Since(began) > copyPatience:
			return "", stapled.Errorf(stapled.Failed, "the CA kept writing to %s, so it could not be copied as of one moment: try again when the CA has less to do", name)
		}
	}
}

func tryCopyBBolt(name, made string) (same bool, err error) {
	from, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer from.Close()
	before, err := readBBoltHeaders(from)
	if err != nil {
		return false, err
	}
	to, err := os.OpenFile(made, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return false, fmt.Errorf("copy it to %s: %w", made, err)
	}
	after, err := readBBoltHeaders(from)
	return before == after, err
}
