// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"fmt"
)

// LoadChain reads the certificates of a PEM file, in their order. Private keys
// among them, as a file with an identity has them, are passed over. It is an
// error if the file has no certificate, or anything else.
func LoadChain(file string) ([]*x509.Certificate, error) {
	blocks, err := readPEM(file, certificateKind)
	if err != nil {
		return nil, err
	}
	return blocks.chain()
}

// LoadAnchors reads the CA certificates that a verifier is to trust, one or more,
// from a PEM file that holds nothing else. It refuses what [NewAnchors] refuses.
func LoadAnchors(file string) (*Anchors, error) {
	blocks, err := readPEM(file, certificateKind)
	if err != nil {
		return nil, err
	}
	list, err := blocks.chain()
	if err != nil {
		return nil, err
	}
	if len(list) != len(blocks.list) {
		return nil, fmt.Errorf("%s: holds a private key besides its certificates, which a verifier must not have", file)
	}
	anchors, err := NewAnchors(list...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return anchors, nil
}

// loadIdentity is [LoadEncryptedIdentity] from these very files.
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
	if keyFile != certFile { // else it is read once, and so in one piece
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
