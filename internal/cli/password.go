// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"os"
	"unicode"
)

// ReadPassword reads the file of --password-file as step-ca does, without
// trailing space; nil if the flag is not given. A password on the command line
// would appear in the list of processes.
func ReadPassword(file string) ([]byte, error) {
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
