// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/x509"

	"github.com/stapledjwt/stapled/internal/certkey"
)

// allowance relaxes single rules so that third-party test vectors, many of them
// made with SHA-1 or without nextUpdate, reach the check that they are about.
// The zero value allows nothing. [Authenticate] uses it, and only the tests of
// this package can make another.
type allowance struct {
	sha1Signature     bool
	missingNextUpdate bool
	missingNoCheck    bool
	missingKeyUsage   bool
	fractionalSeconds bool
	malformedSerial   bool
	extension         string // DER content of one OID that is accepted
}

func (a allowance) understands(oid []byte) bool {
	return a.extension != "" && a.extension == string(oid)
}

func (a allowance) checkSignatureAlgorithm(alg x509.SignatureAlgorithm) error {
	if a.sha1Signature && (alg == x509.SHA1WithRSA || alg == x509.ECDSAWithSHA1) {
		return nil
	}
	return certkey.CheckSignatureAlgorithm(alg)
}

func (a allowance) dropFraction(text []byte) []byte {
	dot := bytes.IndexByte(text, '.')
	if !a.fractionalSeconds || dot < 0 || !bytes.HasSuffix(text, []byte("Z")) {
		return text
	}
	return append(bytes.Clone(text[:dot]), 'Z')
}
