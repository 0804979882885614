// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"unicode"

	"github.com/stapledjwt/stapled/ca"
)

// readPassword reads the file of --password-file as step-ca does, without
// trailing space; nil if there is no such flag.
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
		return nil, fmt.Errorf("--password-file: %s is empty", file)
	}
	return password, nil
}

// newClient returns a client for the CA in a directory, whose provisioner has the
// password in a file, or else in the directory.
func newClient(dir, passwordFile string) (*ca.Client, error) {
	password, err := readPassword(passwordFile)
	if err != nil {
		return nil, err
	}
	return ca.NewClientWithPassword(dir, password)
}
