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

	"go.step.sm/crypto/pemutil"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
)

// readCertificates reads a PEM file with at least one certificate.
func readCertificates(name string) ([]*x509.Certificate, error) {
	bundle, err := pemutil.ReadCertificateBundle(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, stapled.Errorf(stapled.NotCADirectory, "certificate %s is missing; restore it, or correct its path in ca.json if the directory was moved", name)
	}
	if err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "certificate %s is unreadable: %w", name, err)
	}
	return bundle, nil
}

// readKey decrypts the private key of cert. For a missing file, the error wraps
// fs.ErrNotExist.
func readKey(name string, s secret, cert *x509.Certificate) (crypto.Signer, error) {
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, stapled.Errorf(stapled.NotCADirectory, "key %s is missing; restore it, or correct its path in ca.json: %w", name, err)
	}
	if err != nil {
		return nil, stapled.Errorf(stapled.Failed, "read key: %w", err)
	}
	if isEncrypted(raw) && len(s.password) == 0 {
		return nil, stapled.Errorf(stapled.WrongPassword, "%s is missing; restore it, or give a file that has it with --password-file: it opens %s", s.from, name)
	}
	key, err := pemutil.Parse(raw, pemutil.WithFilename(name), pemutil.WithPassword(s.password))
	if err != nil && isEncrypted(raw) {
		return nil, stapled.Errorf(stapled.WrongPassword, "%s does not open %s; correct it, or give the right one with --password-file: %w", s.from, name, err)
	}
	if err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "key %s is unreadable: %w", name, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "%s is not a private key", name)
	}
	if public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(cert.PublicKey) {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "key %s does not belong to the certificate %s", name, certname.Of(cert))
	}
	return signer, nil
}

// isEncrypted reports whether a wrong password may be why parsing failed: PEM
// encryption (RFC 1423) has no integrity check except its padding, so one wrong
// password in 256 yields bytes that are just not a key.
func isEncrypted(raw []byte) bool {
	block, _ := pem.Decode(raw)
	return block != nil && (block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY")
}
