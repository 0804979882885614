// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// certID identifies a certificate (RFC 6960 §4.1.1).
type certID struct {
	issuer ocspwire.IssuerID
	serial *big.Int
}

// parse reads a CertID.
func (id *certID) parse(single *cryptobyte.String, allow allowance) error {
	var content cryptobyte.String
	id.serial = new(big.Int)
	if !single.ReadASN1(&content, cbasn1.SEQUENCE) ||
		!id.issuer.Read(&content) || !ocspwire.IsNullOrAbsent(id.issuer.Parameters) {
		return fail(stapled.StapleMalformed, "malformed CertID")
	}
	if allow.malformedSerial {
		var raw cryptobyte.String
		if !content.ReadASN1(&raw, cbasn1.INTEGER) {
			return fail(stapled.StapleMalformed, "malformed CertID")
		}
		id.serial.SetBytes(raw)
	} else if !content.ReadASN1Integer(id.serial) {
		return fail(stapled.StapleMalformed, "malformed CertID")
	}
	if !content.Empty() {
		return fail(stapled.StapleMalformed, "malformed CertID")
	}
	return nil
}

// check compares all three parts of a CertID with the leaf. The serial number
// alone is not enough: another CA may have used it.
func (id *certID) check(leaf, issuer *x509.Certificate) error {
	if !bytes.Equal(leaf.RawIssuer, issuer.RawSubject) {
		return fail(stapled.StapleMismatch, "the certificate is issued by %s, not by %s", certname.IssuerOf(leaf), certname.Of(issuer))
	}
	if id.serial.Cmp(leaf.SerialNumber) != 0 {
		// Truncated, because an attacker can choose what the log would show.
		return fail(stapled.StapleMismatch, "it is about serial number 0x%.40s, not 0x%.40s", id.serial.Text(16), leaf.SerialNumber.Text(16))
	}
	hash := ocspwire.HashOf(id.issuer.Algorithm)
	if hash == 0 {
		return fail(stapled.StapleMismatch, "its CertID uses a hash that is not known")
	}
	if !ocspwire.IsDigest(hash, id.issuer.NameHash, issuer.RawSubject) {
		return fail(stapled.StapleMismatch, "its issuerNameHash names another issuer")
	}
	key, err := ocspwire.PublicKeyBits(issuer)
	if err != nil {
		return fail(stapled.StapleMalformed, "%w", err)
	}
	if !ocspwire.IsDigest(hash, id.issuer.KeyHash, key) {
		return fail(stapled.StapleMismatch, "its issuerKeyHash names another key")
	}
	return nil
}
