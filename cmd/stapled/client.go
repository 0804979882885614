// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/stapledjwt/stapled/ca"

// newClient returns a client for the CA in a directory, whose provisioner has the
// password in a file, or else in the directory.
func newClient(dir, passwordFile string) (*ca.Client, error) {
	password, err := readPassword(passwordFile)
	if err != nil {
		return nil, err
	}
	return ca.NewClientWithPassword(dir, password)
}
