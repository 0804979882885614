// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"fmt"

	"github.com/stapledjwt/stapled/stepca"
)

// ClientConfig returns the configuration of a client for the CA in dir. It only
// reads files, so it works while another process runs the CA. The password
// decrypts the provisioner's key; nil uses the password in ca.json or, failing
// that, the one in secrets/password.
func ClientConfig(dir string, password []byte) (stepca.Config, error) {
	l, err := newLayout(dir)
	if err != nil {
		return stepca.Config{}, err
	}
	stepCfg, s, err := l.load()
	if err != nil {
		return stepca.Config{}, err
	}
	path, err := readTrustPath(stepCfg)
	if err != nil {
		return stepca.Config{}, err
	}
	found, err := l.findPassword(password, stepCfg)
	if err != nil {
		return stepca.Config{}, err
	}
	return stepca.Config{
		URL: s.CAURL, Root: path.root(), OCSPURL: s.OCSPURL, Issuers: path.certificates,
		Provisioner: s.Provisioner, Password: found.password, PasswordSource: found.from,
		Hint: fmt.Sprintf("is `stapled up --dir %s` running?", dir),
	}, nil
}
