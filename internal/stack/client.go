// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"github.com/stapledjwt/stapled/internal/cli"
)

import "github.com/stapledjwt/stapled/ca"

// NewClient returns a client for the CA in a directory, whose provisioner has the
// password in a file, or else in the directory.
func NewClient(dir, passwordFile string) (*ca.Client, error) {
	password, err := cli.ReadPassword(passwordFile)
	if err != nil {
		return nil, err
	}
	return ca.NewClientWithPassword(dir, password)
}
