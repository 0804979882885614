// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"os"
	"unicode"
)

// ReadPassword reads the file of --password-file. A password on the command line
// would appear in the list of processes.
func ReadPassword(file string) ([]byte, error) {
	password, err := ReadSecret(file)
	if err != nil {
		return nil, fmt.Errorf("--password-file: %w", err)
	}
	return password, nil
}

// ReadSecret reads a file as step-ca reads passwords, without trailing space; nil
// if there is no name.
func ReadSecret(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	secret := bytes.TrimRightFunc(raw, unicode.IsSpace)
	if len(secret) == 0 {
		return nil, fmt.Errorf("%s is empty: put the password there", file)
	}
	return secret, nil
}
