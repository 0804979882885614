// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"crypto/x509"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxCertificates is the maximum number of certificates a response may embed. A
// delegate needs one; some responders add its issuer. [Slim] drops the others.
const maxCertificates = 4

// readCertificates reads the optional certs of a BasicOCSPResponse (RFC 6960
// §4.2.1) and splits the list without parsing its elements.
func readCertificates(basic *cryptobyte.String) ([][]byte, error) {
	var tagged, list cryptobyte.String
	var present bool
	if !basic.ReadOptionalASN1(&tagged, &present, ocspwire.Tag(0)) {
		return nil, fail(stapled.StapleMalformed, "malformed list of certificates")
	}
	if !present {
		return nil, nil
	}
	if !tagged.ReadASN1(&list, cbasn1.SEQUENCE) || !tagged.Empty() {
		return nil, fail(stapled.StapleMalformed, "malformed list of certificates")
	}
	var embedded [][]byte
	for !list.Empty() {
		var c cryptobyte.String
		if !list.ReadASN1Element(&c, cbasn1.SEQUENCE) {
			return nil, fail(stapled.StapleMalformed, "malformed list of certificates")
		}
		embedded = append(embedded, c)
	}
	return embedded, nil
}

// parseCertificates parses all embedded certificates, whether or not the
// signature needs them. Otherwise the signer and the order of the list would
// decide whether a response with an invalid certificate is accepted.
func parseCertificates(embedded [][]byte) ([]*x509.Certificate, error) {
	if len(embedded) > maxCertificates {
		return nil, fail(stapled.StapleMalformed, "%d embedded certificates, more than %d", len(embedded), maxCertificates)
	}
	var parsed []*x509.Certificate
	for _, der := range embedded {
		c, err := certx5c.ParseDER(der)
		if err != nil {
			return nil, fail(stapled.StapleMalformed, "an embedded certificate: %w", err)
		}
		parsed = append(parsed, c)
	}
	return parsed, nil
}
