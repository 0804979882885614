// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"unicode"
)

// readPassword reads the file of --password-file as step-ca does, without
// trailing space; nil if there is no such flag. A password on the command line
// would be in the list of processes.
func readPassword(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--password-file: %w", err)
	}
	password := bytes.TrimRightFunc(raw, unicode.IsSpace)
	if len(password) == 0 {
		return nil, fmt.Errorf("--password-file: %s is empty: put the password there", file)
	}
	return password, nil
}
