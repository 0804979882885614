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
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
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
	for i, value := range x5c {
		der, err := DecodeBase64(value)
		if err != nil {
			return nil, stapled.In(fmt.Sprintf("x5c[%d]", i), err)
		}
		if chain[i], err = ParseDER(der); err != nil {
			return nil, stapled.In(fmt.Sprintf("x5c[%d]", i), err)
		}
	}
	return chain, nil
}

// ParseDER parses one certificate; ChainInvalid if the bytes are not exactly
// one certificate, or if it has more than [stapled.MaxNames] names.
func ParseDER(der []byte) (*x509.Certificate, error) {
	if countNames(der) > stapled.MaxNames {
		return nil, stapled.Errorf(stapled.ChainInvalid, "a certificate has more than %d names", stapled.MaxNames)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		// The error may quote the certificate, which anybody can write, at any
		// length.
		return nil, stapled.Errorf(stapled.ChainInvalid, "%.120s", err)
	}
	return c, nil
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

const subjectAltName = "\x55\x1d\x11" // id-ce-subjectAltName in DER

// countNames counts the names in the subjectAltName of an unparsed certificate,
// as far as it is well-formed; a parser gets no further either.
func countNames(der []byte) int {
	var tbs, list cryptobyte.String
	input, count := cryptobyte.String(der), 0
	if !input.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return 0
	}
	for tag := cbasn1.Tag(0); tag != cbasn1.Tag(3).ContextSpecific().Constructed(); {
		if !tbs.ReadAnyASN1(&list, &tag) {
			return 0
		}
	}
	list.ReadASN1(&list, cbasn1.SEQUENCE)
	for !list.Empty() {
		var ext, oid, value cryptobyte.String
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			!ext.SkipOptionalASN1(cbasn1.BOOLEAN) || !ext.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return count
		}
		if string(oid) != subjectAltName || !value.ReadASN1(&value, cbasn1.SEQUENCE) {
			continue
		}
		for !value.Empty() && value.ReadAnyASN1(new(cryptobyte.String), new(cbasn1.Tag)) {
			count++
		}
	}
	return count
}
