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
	"strings"

	"github.com/stapledjwt/stapled/internal/pbes2"
)

// The reasons for not loading an encrypted private key.
var (
	// ErrEncrypted means that the private key needs a password, and none was
	// given.
	ErrEncrypted = errors.New("the private key is encrypted")
	// ErrPassword means that the password does not decrypt the private key.
	ErrPassword = errors.New("the password does not open the private key")
)

// pemFile is the content of a PEM file (RFC 7468).
type pemFile struct {
	name string
	list []*pem.Block
}

// What a caller looks for in a file, as errors put it.
const (
	certificateKind = "certificate"
	keyKind         = "private key"
)

func readPEM(file, kind string) (*pemFile, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors begin a UTF-8 text with it
	// pem.Decode skips damaged blocks.
	whole, begun := data, bytes.Count(data, []byte(pemBegin))
	f := &pemFile{name: file}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		f.list = append(f.list, block)
	}
	switch {
	case len(f.list) == 0:
		return nil, fmt.Errorf("%s: holds no PEM %s: it is %s", file, kind, foreign(whole))
	case len(f.list) != begun:
		return nil, fmt.Errorf("%s: only %d of its %d PEM blocks can be decoded", file, len(f.list), begun)
	}
	return f, nil
}

// chain returns the certificates of the file, one or more.
func (f *pemFile) chain() ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	other := ""
	for _, block := range f.list {
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			chain = append(chain, c)
		case isKey(block) || block.Type == ecParameters:
			other = label(block)
		default:
			return nil, fmt.Errorf("%s: holds %s where only certificates belong", f.name, label(block))
		}
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("%s: holds no PEM certificate, but %s", f.name, other)
	}
	return chain, nil
}

// key returns the first private key of the file.
func (f *pemFile) key(password []byte) (crypto.Signer, error) {
	for _, block := range f.list {
		if !isKey(block) {
			continue
		}
		der, err := decrypt(block, password)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		key, err := parseKey(der)
		switch {
		case err != nil && encrypted(block):
			// The padding was right by accident.
			return nil, fmt.Errorf("%s: %w", f.name, ErrPassword)
		case err != nil:
			return nil, fmt.Errorf("%s: the private key is unreadable: %w", f.name, err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%s: a %T does not sign", f.name, key)
		}
		return signer, nil
	}
	return nil, fmt.Errorf("%s: holds no PEM private key, but %s", f.name, label(f.list[0]))
}

const ecParameters = "EC PARAMETERS" // what OpenSSL writes before a key

func isKey(block *pem.Block) bool {
	switch block.Type {
	case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", encryptedKey:
		return true
	}
	return false
}

// parseKey tries all formats, because some tools label a key with another
// format.
func parseKey(der []byte) (any, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return nil, err
}

const encryptedKey = "ENCRYPTED PRIVATE KEY"

func encrypted(block *pem.Block) bool {
	return block.Type == encryptedKey || block.Headers["DEK-Info"] != ""
}

func decrypt(block *pem.Block, password []byte) (der []byte, err error) {
	switch {
	case !encrypted(block):
		return block.Bytes, nil
	case len(password) == 0:
		return nil, ErrEncrypted
	case block.Type == encryptedKey:
		der, err = pbes2.Decrypt(block.Bytes, password)
	default:
		//nolint:staticcheck // It is weak, and what such files have.
		der, err = x509.DecryptPEMBlock(block, password)
	}
	switch {
	case errors.Is(err, pbes2.ErrPassword), errors.Is(err, x509.IncorrectPasswordError):
		return nil, ErrPassword
	case err != nil:
		return nil, fmt.Errorf("the private key cannot be decrypted: %w", err)
	}
	return der, nil
}

// label says what kind a block is, with an article.
func label(block *pem.Block) string {
	switch {
	case block.Type == "CERTIFICATE":
		return "a certificate"
	case strings.HasSuffix(block.Type, "CERTIFICATE REQUEST"):
		return "a certificate request, to which a CA has not yet answered"
	case strings.HasSuffix(block.Type, "PUBLIC KEY"):
		return "a public key"
	case block.Type == "OPENSSH PRIVATE KEY":
		return "a private key in the format of OpenSSH"
	case isKey(block):
		return "a private key"
	}
	return fmt.Sprintf("a PEM block %.40q", block.Type)
}
