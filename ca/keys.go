// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.step.sm/crypto/pemutil"

	"github.com/stapledjwt/stapled/internal/certname"
)

// readCertificate reads the first certificate of a PEM file.
func readCertificate(name string) (*x509.Certificate, error) {
	bundle, err := pemutil.ReadCertificateBundle(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(NotACA, "certificate %s is missing; restore it, or correct its path in ca.json if the directory was moved", name)
	}
	if err != nil {
		return nil, fail(Misconfigured, "certificate %s is unreadable: %w", name, err)
	}
	return bundle[0], nil
}

// readKey decrypts the private key of cert. A missing file is fs.ErrNotExist
// inside the error.
func readKey(name string, password []byte, cert *x509.Certificate) (crypto.Signer, error) {
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(NotACA, "key %s is missing; restore it, or correct its path in ca.json: %w", name, err)
	}
	if err != nil {
		return nil, fail(Failed, "read key: %w", err)
	}
	key, err := pemutil.Parse(raw, pemutil.WithFilename(name), pemutil.WithPassword(password))
	if err != nil && isEncrypted(raw) {
		return nil, fail(WrongPassword, "the password does not open %s; check the one given, or %s: %w", name, filepath.Join(filepath.Dir(name), "password"), err)
	}
	if err != nil {
		return nil, fail(Misconfigured, "key %s is unreadable: %w", name, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fail(Misconfigured, "%s is not a private key", name)
	}
	if public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(cert.PublicKey) {
		return nil, fail(Misconfigured, "key %s does not belong to the certificate %s", name, certname.Of(cert))
	}
	return signer, nil
}

// isEncrypted tells whether a failure to parse is the password's: encryption
// in PEM (RFC 1423) has no integrity check but its padding, so that one wrong
// password in 256 yields bytes that are merely no key.
func isEncrypted(raw []byte) bool {
	block, _ := pem.Decode(raw)
	return block != nil && (block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY")
}
