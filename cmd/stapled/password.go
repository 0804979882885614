// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"unicode"
)

// readPassword reads the file of --password-file: a password on the command line
// would be in the list of processes. White space at its end is no part of it, as
// for step-ca.
func readPassword(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w: give --password-file a file that holds the password", err)
	}
	password := bytes.TrimRightFunc(raw, unicode.IsSpace)
	if len(password) == 0 {
		return nil, fmt.Errorf("%s is empty: give --password-file a file that holds the password", file)
	}
	return password, nil
}
