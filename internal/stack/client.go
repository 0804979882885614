// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/stepca"
)

// NewClient returns a client for the CA in a directory. The provisioner's
// password comes from passwordFile, or else from the directory.
func NewClient(dir, passwordFile string) (*stepca.Client, error) {
	password, err := cli.ReadPassword(passwordFile)
	if err != nil {
		return nil, err
	}
	cfg, err := ca.ClientConfig(dir, password)
	if err != nil {
		return nil, err
	}
	return stepca.New(cfg)
}
