// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package kmskey opens private keys by the URIs that step-ca uses: a key in a
// device by PKCS #11 (RFC 7512), or a key in a file.
//
//	pkcs11:module-path=/usr/lib/softhsm/libsofthsm2.so;token=ocsp;object=delegate?pin-source=/etc/stapled/pin
//	softkms:path=/etc/stapled/delegate.key
//
// PKCS #11 needs a build with cgo, and a process can use one token of a module.
// The clients of cloud services are left out on purpose, because they would
// multiply the size of the program: most services have a PKCS #11 module.
package kmskey

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.step.sm/crypto/kms/apiv1"
	"go.step.sm/crypto/kms/softkms"
	"go.step.sm/crypto/kms/uri"
)

// Key is an open private key. Close it when nothing signs with it any more. It
// is safe for concurrent use.
type Key struct {
	crypto.Signer
	close func() error
}

// Close ends the session with the device.
func (k *Key) Close() error {
	if k.close == nil {
		return nil
	}
	return k.close()
}

// IsURI reports whether the name of a key is a URI, rather than a file: a
// scheme of at least two characters and a colon.
func IsURI(name string) bool {
	scheme, _, ok := strings.Cut(name, ":")
	if !ok || len(scheme) < 2 { // C:\key.pem
		return false
	}
	return !strings.ContainsFunc(scheme, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '-'
	})
}

// Open opens the key with a URI. The password decrypts a key in a file, and is
// the PIN of a device whose URI gives none; nil for none. Errors do not repeat
// the PIN.
func Open(ctx context.Context, name string, password []byte) (*Key, error) {
	scheme, _, _ := strings.Cut(name, ":")
	var key *Key
	var err error
	switch strings.ToLower(scheme) {
	case "pkcs11":
		key, err = openInDevice(ctx, name, password)
	case "softkms":
		key, err = openFile(name, password)
	default:
		return nil, fmt.Errorf("key URI of scheme %q: this program knows pkcs11: and softkms:; use the PKCS #11 module of the device or service", scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", WithoutPIN(name), redacted(err, name, string(password)))
	}
	return key, nil
}

func openFile(name string, password []byte) (*Key, error) {
	u, err := uri.ParseWithScheme("softkms", name)
	if err != nil || u.Get("path") == "" {
		return nil, errors.New("it names no file: write softkms:path=FILE")
	}
	signer, err := new(softkms.SoftKMS).CreateSigner(&apiv1.CreateSignerRequest{SigningKey: u.Get("path"), Password: password})
	if err != nil {
		return nil, err
	}
	return &Key{Signer: signer}, nil
}

// WithoutPIN returns the name of a key without its query, which may hold the
// PIN, and without a PIN among its attributes, which RFC 7512 does not permit.
func WithoutPIN(name string) string {
	name, _, _ = strings.Cut(name, "?")
	if !IsURI(name) {
		return name
	}
	parts := strings.Split(name, ";")
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return strings.Contains(part, "pin-value=") }), ";")
}

// redacted hides secrets in the text of an error. It keeps no cause: its text
// might say them.
func redacted(err error, name string, secrets ...string) error {
	text := strings.ReplaceAll(err.Error(), name, WithoutPIN(name))
	if u, err := uri.Parse(name); err == nil {
		secrets = append(secrets, u.Get("pin-value"))
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return errors.New(text)
}
