// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certs holds what stapled needs to know about X.509 certificates:
// which keys and algorithms are strong enough, how a chain travels in x5c,
// what a leaf certificate names, and whether a chain leads to an anchor that
// the caller trusts.
//
// It reads PEM files on request and otherwise does no I/O.
package certs

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
)

// The limits of a chain, the leaf included and the anchor not: the number of
// certificates, and the size of their DER together, which bounds what parsing
// them can allocate.
const (
	MaxChain      = 5
	MaxChainBytes = 6 << 10
)

// MaxNames is the number of names that the subjectAltName of a certificate may
// have. Parsed, a name of two bytes takes eighty times as much.
const MaxNames = 64

// KeyID is the key identifier of a leaf certificate: the unpadded base64url
// SHA-256 digest of its DER encoding. It is what the x5t#S256 header parameter
// holds (RFC 7515 §4.1.8), and what stapled puts into kid.
func KeyID(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// EncodeX5C encodes a leaf-first chain as the values of the x5c header
// parameter (RFC 7515 §4.1.6): standard base64 of DER, with padding.
func EncodeX5C(chain []*x509.Certificate) []string {
	x5c := make([]string, len(chain))
	for i, c := range chain {
		x5c[i] = base64.StdEncoding.EncodeToString(c.Raw)
	}
	return x5c
}

// ParseX5C is the inverse of [EncodeX5C]. It returns ErrEncoding for a value
// that is not canonical base64 and ErrChain for one that is no certificate.
// It verifies nothing.
func ParseX5C(x5c []string) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, len(x5c))
	for i, value := range x5c {
		der, err := DecodeBase64(value)
		if err != nil {
			return nil, fmt.Errorf("x5c[%d]: %w", i, err)
		}
		if chain[i], err = ParseDER(der); err != nil {
			return nil, fmt.Errorf("x5c[%d]: %w", i, err)
		}
	}
	return chain, nil
}

// ParseDER reads one certificate; ErrChain if that is not exactly what the
// bytes are, or if it has more than [MaxNames] names.
func ParseDER(der []byte) (*x509.Certificate, error) {
	if countNames(der) > MaxNames {
		return nil, fmt.Errorf("%w: a certificate has more than %d names", ErrChain, MaxNames)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		// It may quote the certificate, which anybody can write, at any length.
		return nil, fmt.Errorf("%w: %.120s", ErrChain, err)
	}
	return c, nil
}

// ErrEncoding says that a value is not canonical standard base64.
var ErrEncoding = errors.New("not canonical base64")

var strictBase64 = base64.StdEncoding.Strict()

// DecodeBase64 decodes padded standard base64 (RFC 4648 §4) in its only
// canonical form: no line breaks, which encoding/base64 skips silently, and no
// stray trailing bits. The error is ErrEncoding.
func DecodeBase64(value string) ([]byte, error) {
	der, err := strictBase64.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncoding, err)
	}
	// A line break makes the text longer than its content accounts for.
	if len(der) == 0 || base64.StdEncoding.EncodedLen(len(der)) != len(value) {
		return nil, ErrEncoding
	}
	return der, nil
}
