// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled/certs"
)

// loadPeer returns the certificate of a TLS client, the first in the file, or
// nil without a file.
func loadPeer(file string) (*x509.Certificate, error) {
	if file == "" {
		return nil, nil
	}
	chain, err := certs.LoadChain(file)
	if err != nil {
		return nil, fmt.Errorf("%w: give --peer a PEM file with the certificate of the TLS client", err)
	}
	return chain[0], nil
}
