// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"fmt"
)

// LoadChain reads the certificates of a PEM file, in order. It skips private
// keys, which a file with an identity contains. It is an error if the file has
// no certificate, or anything else.
func LoadChain(file string) ([]*x509.Certificate, error) {
	blocks, err := readPEM(file, certificateKind)
	if err != nil {
		return nil, err
	}
	return blocks.chain()
}

// loadIdentity is [LoadEncryptedIdentity] without recovery of a half-finished
// Save.
func loadIdentity(certFile, keyFile string, password []byte) (*Identity, error) {
	blocks, err := readPEM(certFile, certificateKind)
	if err != nil {
		return nil, err
	}
	chain, err := blocks.chain()
	if err != nil {
		return nil, err
	}
	files := certFile
	if keyFile != certFile { // else one read gets a consistent file
		if blocks, err = readPEM(keyFile, keyKind); err != nil {
			return nil, err
		}
		files += " and " + keyFile
	}
	key, err := blocks.key(password)
	if err != nil {
		return nil, err
	}
	id, err := NewIdentity(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files, err)
	}
	return id, nil
}
