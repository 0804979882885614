// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certx5c encodes and decodes certificates as the x5c header parameter carries
// them (RFC 7515 §4.1.6).
package certx5c

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/stapledjwt/stapled"
)

// KeyID returns the key identifier of a leaf certificate: the unpadded
// base64url SHA-256 digest of its DER encoding. The x5t#S256 header parameter
// (RFC 7515 §4.1.8) holds the same value, and stapled puts it into kid.
func KeyID(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Encode encodes a leaf-first chain as the values of the x5c header
// parameter (RFC 7515 §4.1.6): standard base64 of DER, with padding.
func Encode(chain []*x509.Certificate) []string {
	x5c := make([]string, len(chain))
	for i, c := range chain {
		x5c[i] = base64.StdEncoding.EncodeToString(c.Raw)
	}
	return x5c
}

// Parse is the inverse of [Encode]. It returns Malformed for a value that is
// not canonical base64, and ChainInvalid for one that is not a certificate. It
// verifies nothing.
func Parse(x5c []string) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, len(x5c))
	var budget Budget
	for i, value := range x5c {
		der, err := DecodeBase64(value)
		if err != nil {
			return nil, stapled.In(fmt.Sprintf("x5c[%d]", i), err)
		}
		if chain[i], err = budget.Parse(der); err != nil {
			return nil, stapled.In(fmt.Sprintf("x5c[%d]", i), err)
		}
	}
	return chain, nil
}

// ParseDER parses one certificate; ChainInvalid if the bytes are not exactly
// one certificate, or if it exceeds a limit: [stapled.MaxChainBytes],
// [stapled.MaxParts], [stapled.MaxPartBytes], [stapled.MaxNames],
// [stapled.MaxNameBytes], [stapled.MaxExtensionIDBytes] or
// [stapled.MaxAlgorithmBytes]. Nothing is parsed before it has been counted.
func ParseDER(der []byte) (*x509.Certificate, error) { return new(Budget).Parse(der) }

// Budget counts the parts of the certificates in one chain, which together
// may have [stapled.MaxParts] of [stapled.MaxPartBytes]. The zero value has
// counted nothing.
type Budget struct{ parts, bytes int }

// Size is what one certificate takes of a [Budget].
type Size struct{ parts, bytes int }

// Parse is like [ParseDER] for the next certificate of the chain.
func (b *Budget) Parse(der []byte) (*x509.Certificate, error) {
	c, _, err := b.ParseSized(der)
	return c, err
}

// ParseSized is like Parse, and also returns what the certificate takes of the
// budget, for [Budget.Take] in later chains.
func (b *Budget) ParseSized(der []byte) (*x509.Certificate, Size, error) {
	size, err := sizeOf(der)
	if err == nil {
		err = b.Take(size)
	}
	if err != nil {
		return nil, Size{}, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		// The error may quote the certificate, which anybody can write, at any
		// length.
		return nil, Size{}, stapled.Errorf(stapled.ChainInvalid, "%.120s", err)
	}
	return c, size, nil
}

// Spend counts the next certificate of the chain without parsing it. It is for
// a certificate that has been parsed before.
func (b *Budget) Spend(der []byte) error {
	size, err := sizeOf(der)
	if err != nil {
		return err
	}
	return b.Take(size)
}

func sizeOf(der []byte) (Size, error) {
	if len(der) > stapled.MaxChainBytes {
		return Size{}, stapled.Errorf(stapled.ChainInvalid, "a certificate of %d bytes, more than %d", len(der), stapled.MaxChainBytes)
	}
	n := Count(der)
	if err := n.check(); err != nil {
		return Size{}, err
	}
	return Size{parts: n.Parts, bytes: n.Bytes}, nil
}

// Take is like Spend for a certificate that was counted before.
func (b *Budget) Take(size Size) error {
	if b.parts += size.parts; b.parts > stapled.MaxParts {
		return stapled.Errorf(stapled.ChainInvalid, "too many extensions, attributes and list elements: %d parts, more than %d", b.parts, stapled.MaxParts)
	}
	if b.bytes += size.bytes; b.bytes > stapled.MaxPartBytes {
		return stapled.Errorf(stapled.ChainInvalid, "names and lists in certificates of %d bytes, more than %d", b.bytes, stapled.MaxPartBytes)
	}
	return nil
}

var strictBase64 = base64.StdEncoding.Strict()

// DecodeBase64 decodes padded standard base64 (RFC 4648 §4) in its only
// canonical form: no line breaks, which encoding/base64 skips silently, and no
// stray trailing bits. The error is Malformed.
func DecodeBase64(value string) ([]byte, error) {
	der, err := strictBase64.DecodeString(value)
	if err != nil {
		return nil, stapled.Errorf(stapled.Malformed, "not canonical base64: %w", err)
	}
	// A line break makes the text longer than its content accounts for.
	if len(der) == 0 || base64.StdEncoding.EncodedLen(len(der)) != len(value) {
		return nil, stapled.Errorf(stapled.Malformed, "not canonical base64")
	}
	return der, nil
}
