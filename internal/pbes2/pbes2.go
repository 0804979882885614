// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package pbes2 decrypts PKCS #8 private keys (RFC 5958 §3) that PBES2 (RFC
// 8018 §6.2) encrypted with a password.
package pbes2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" // #nosec G502 -- some existing keys are encrypted with it
	"crypto/pbkdf2"
	"crypto/sha1" // #nosec G505 -- the default PRF of PBKDF2, where it is as good as any
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// ErrPassword means that the password does not decrypt the key.
var ErrPassword = errors.New("the password does not open the key")

var (
	errMalformed = errors.New("malformed EncryptedPrivateKeyInfo")
	// The object identifier follows errUnsupported.
	errUnsupported = errors.New("encrypted in a way that is not supported; encrypt it again with `openssl pkcs8 -topk8`")
)

// The limits on the cost that a file may ask for. OpenSSL uses 2048 iterations
// and 16 MiB.
const (
	maxIterations = 10_000_000
	maxMemory     = 256 << 20
)

type encryptedPrivateKeyInfo struct {
	Algorithm struct {
		Scheme     asn1.ObjectIdentifier
		Parameters asn1.RawValue
	}
	Data []byte
}

type parameters struct{ Derivation, Encryption pkix.AlgorithmIdentifier }

type pbkdf2Parameters struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// scryptParameters are defined in RFC 7914 §7.
type scryptParameters struct {
	Salt      []byte
	N, R, P   int
	KeyLength int `asn1:"optional"`
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}

	// The PRFs of PBKDF2; the default is HMAC with SHA-1 (RFC 8018 §A.2).
	prfs = map[string]func() hash.Hash{
		"": sha1.New, "1.2.840.113549.2.7": sha1.New,
		"1.2.840.113549.2.8": sha256.New224, "1.2.840.113549.2.9": sha256.New,
		"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
	}

	// The ciphers, all in CBC mode (RFC 8018 §B.2).
	ciphers = map[string]struct {
		keySize int
		make    func([]byte) (cipher.Block, error)
	}{
		"2.16.840.1.101.3.4.1.2": {16, aes.NewCipher}, "2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
		"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher}, "1.2.840.113549.3.7": {24, des.NewTripleDESCipher},
	}
)

// Decrypt returns the PrivateKeyInfo in DER. It returns [ErrPassword] if the
// result is not one.
func Decrypt(der, password []byte) ([]byte, error) {
	// 1. The encryption that the file declares.
	var info encryptedPrivateKeyInfo
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return nil, errMalformed
	}
	if !info.Algorithm.Scheme.Equal(oidPBES2) {
		return nil, fmt.Errorf("%w (%s)", errUnsupported, info.Algorithm.Scheme)
	}
	var p parameters
	if rest, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return nil, errMalformed
	}
	scheme, known := ciphers[p.Encryption.Algorithm.String()]
	if !known {
		return nil, fmt.Errorf("%w (%s)", errUnsupported, p.Encryption.Algorithm)
	}
	var iv []byte
	if rest, err := asn1.Unmarshal(p.Encryption.Parameters.FullBytes, &iv); err != nil || len(rest) > 0 {
		return nil, errMalformed
	}

	// 2. The key derived from the password.
	key, err := deriveKey(p.Derivation, password, scheme.keySize)
	if err != nil {
		return nil, err
	}
	block, err := scheme.make(key)
	if err != nil {
		return nil, err
	}
	if len(iv) != block.BlockSize() || len(info.Data) == 0 || len(info.Data)%block.BlockSize() != 0 {
		return nil, errMalformed
	}

	// 3. The content, if its padding and its frame are correct.
	plain := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, info.Data)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > block.BlockSize() ||
		!bytes.Equal(plain[len(plain)-padding:], bytes.Repeat([]byte{byte(padding)}, padding)) {
		return nil, ErrPassword
	}
	plain = plain[:len(plain)-padding]
	var frame struct {
		Version   int
		Algorithm asn1.RawValue
		Key       []byte
	}
	if _, err := asn1.Unmarshal(plain, &frame); err != nil {
		return nil, ErrPassword // in one of 256 cases the padding is right by chance
	}
	return plain, nil
}

func deriveKey(derivation pkix.AlgorithmIdentifier, password []byte, size int) ([]byte, error) {
	switch {
	case derivation.Algorithm.Equal(oidPBKDF2):
		var p pbkdf2Parameters
		if rest, err := asn1.Unmarshal(derivation.Parameters.FullBytes, &p); err != nil || len(rest) > 0 ||
			p.Iterations < 1 || p.Iterations > maxIterations {
			return nil, errMalformed
		}
		prf, known := prfs[p.PRF.Algorithm.String()]
		if !known {
			return nil, fmt.Errorf("%w (%s)", errUnsupported, p.PRF.Algorithm)
		}
		return pbkdf2.Key(prf, string(password), p.Salt, p.Iterations, size)
	case derivation.Algorithm.Equal(oidScrypt):
		var p scryptParameters
		if rest, err := asn1.Unmarshal(derivation.Parameters.FullBytes, &p); err != nil || len(rest) > 0 ||
			p.N < 2 || p.N > maxMemory || p.R < 1 || p.R > 64 || p.P < 1 || p.P > 64 || 128*p.N*p.R > maxMemory {
			return nil, errMalformed
		}
		return scrypt.Key(password, p.Salt, p.N, p.R, p.P, size)
	}
	return nil, fmt.Errorf("%w (%s)", errUnsupported, derivation.Algorithm)
}
