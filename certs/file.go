// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// LoadIdentity reads a certificate chain, leaf first, and the private key of
// its leaf (PKCS #8, SEC 1 or PKCS #1) from PEM files. One file may hold both:
// keyFile is then the same as certFile, or empty. The error is ErrEncrypted for
// a key that needs a password, and ErrKeyMismatch for one of another certificate.
func LoadIdentity(certFile, keyFile string) (*Identity, error) {
	return LoadEncryptedIdentity(certFile, keyFile, nil)
}

// LoadEncryptedIdentity is [LoadIdentity] for a private key that a password
// decrypts: PKCS #8 with PBES2 (RFC 8018 §6.2), or the older encryption of PEM
// (RFC 1421 §4.6.1.1). The error is ErrPassword for a wrong one. It also loads a
// key that is not encrypted.
func LoadEncryptedIdentity(certFile, keyFile string, password []byte) (*Identity, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	return loadIdentity(certFile, keyFile, password)
}

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

// Save writes the chain to certFile and the key, as PKCS #8, to keyFile. Each
// is replaced atomically and readable by its owner only. They are two files,
// though: a crash between them leaves a pair that [LoadIdentity] refuses.
func (id *Identity) Save(certFile, keyFile string) error {
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := WriteFile(keyFile, key); err != nil {
		return err
	}
	var chain []byte
	for _, c := range id.Chain {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return WriteFile(certFile, chain)
}

// WriteFile replaces a file atomically: readers see the old content or the
// new, also after a crash. The mode is 0600.
func WriteFile(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
