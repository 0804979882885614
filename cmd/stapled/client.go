// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/stepca"
)

// newClient returns a client for the CA in a directory, whose provisioner has the
// password in a file, or else in the directory.
func newClient(dir, passwordFile string) (*stepca.Client, error) {
	password, err := readPassword(passwordFile)
	if err != nil {
		return nil, err
	}
	cfg, err := ca.ClientConfig(dir, password)
	if err != nil {
		return nil, err
	}
	return stepca.New(cfg)
}
