// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// LoadChain reads the certificates of a PEM file, in their order. It is an
// error if the file has none, or anything besides certificates.
func LoadChain(file string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// pem.Decode passes over a block that is damaged.
	blocks := bytes.Count(data, []byte("-----BEGIN "))
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s: holds a PEM block %q where only certificates belong", file, block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("%s: holds no PEM certificate", file)
	}
	if len(chain) != blocks {
		return nil, fmt.Errorf("%s: only %d of its %d PEM blocks can be decoded", file, len(chain), blocks)
	}
	return chain, nil
}

// LoadAnchors reads the CA certificates that a verifier is to trust, one or more,
// from a PEM file as [LoadChain] does. It refuses what [NewAnchors] refuses.
func LoadAnchors(file string) (*Anchors, error) {
	list, err := LoadChain(file)
	if err != nil {
		return nil, err
	}
	anchors, err := NewAnchors(list...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return anchors, nil
}

// loadIdentity is LoadIdentity from these very files.
func loadIdentity(certFile, keyFile string) (*Identity, error) {
	chain, err := LoadChain(certFile)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	id, err := NewIdentity(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
	}
	return id, nil
}

func parseKey(data []byte) (crypto.Signer, error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return nil, errors.New("holds no PEM private key")
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted; decrypt it first, for example with `openssl pkey`")
		}
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		default:
			continue // "EC PARAMETERS", or the certificate in a combined file
		}
		if err != nil {
			return nil, err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("a %T does not sign", key)
		}
		return signer, nil
	}
}
