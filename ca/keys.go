// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"

	"go.step.sm/crypto/pemutil"
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
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, fail(WrongPassword, "the password does not open %s; check secrets/password: %w", name, err)
	}
	if err != nil {
		return nil, fail(Misconfigured, "key %s is unreadable: %w", name, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fail(Misconfigured, "%s is not a private key", name)
	}
	if public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(cert.PublicKey) {
		return nil, fail(Misconfigured, "key %s does not belong to the certificate %q", name, cert.Subject)
	}
	return signer, nil
}
