// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The contents of the object identifiers of extensions (RFC 5280 §4.2, §5.2 and
// §5.3).
const (
	idCRLNumber                = "\x55\x1d\x14"
	idReasonCode               = "\x55\x1d\x15"
	idInvalidityDate           = "\x55\x1d\x18"
	idDeltaCRLIndicator        = "\x55\x1d\x1b"
	idIssuingDistributionPoint = "\x55\x1d\x1c"
	idCertificateIssuer        = "\x55\x1d\x1d"
	idAuthorityKeyIdentifier   = "\x55\x1d\x23"
)

var (
	errNoNumber = errors.New("has no crlNumber, so an old list cannot be told from a new one; configure the CA to write it (openssl ca: crlnumber)")
	errNumber   = errors.New("has a crlNumber that is no number from 0 to 2^159 (RFC 5280 §5.2.3)")
)

// readExtensions reads the extensions of a list, and returns its number. It
// refuses every list that is not a full one of its CA.
func readExtensions(tagged cryptobyte.String) (number *big.Int, err error) {
	err = ocspwire.ReadExtensions(tagged, func(e ocspwire.Extension) error {
		switch string(e.ID) {
		case idCRLNumber:
			if e.Critical {
				return errors.New("has a critical crlNumber, which must not be critical (RFC 5280 §5.2.3)")
			}
			number, err = readNumber(e.Value)
			return err
		case idDeltaCRLIndicator:
			return errors.New("is a delta CRL, which lists only changes: use the URL of the full one")
		case idIssuingDistributionPoint:
			return checkDistributionPoint(e.Value)
		case idAuthorityKeyIdentifier:
			return nil // known, and of no use beside the key itself
		}
		if e.Critical {
			return fmt.Errorf("has the critical extension %s, which this program does not know", dotted(e.ID))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, wording(err)
	case number == nil:
		return nil, errNoNumber
	}
	return number, nil
}

// wording makes the errors of ocspwire part of a sentence about a list.
func wording(err error) error {
	switch {
	case errors.Is(err, ocspwire.ErrExtensions):
		return errors.New("has malformed extensions")
	case errors.Is(err, ocspwire.ErrExtensionTwice):
		return errors.New("has the same extension twice")
	}
	return err
}

func readNumber(value cryptobyte.String) (*big.Int, error) {
	number := new(big.Int)
	if !value.ReadASN1Integer(number) || !value.Empty() || number.Sign() < 0 || number.BitLen() >= maxSerial*8 {
		return nil, errNumber
	}
	return number, nil
}

// checkDistributionPoint accepts an IssuingDistributionPoint (RFC 5280 §5.2.5)
// with nothing but the name of the distribution point.
func checkDistributionPoint(value cryptobyte.String) error {
	malformed := errors.New("has a malformed issuing distribution point (RFC 5280 §5.2.5)")
	var point cryptobyte.String
	if !value.ReadASN1(&point, cbasn1.SEQUENCE) || !value.Empty() || !point.SkipOptionalASN1(ocspwire.Tag(0)) {
		return malformed
	}
	for _, part := range []struct {
		tag  uint8
		says string
	}{
		{1, "covers only the certificates of users: a list of all certificates is needed"},
		{2, "covers only the certificates of CAs: a list of all certificates is needed"},
		{3, "covers only some reasons: a list of all revocations is needed"},
		{4, "is an indirect CRL, which may list certificates of other CAs"},
		{5, "covers only attribute certificates"},
	} {
		var content cryptobyte.String
		var present bool
		if !point.ReadOptionalASN1(&content, &present, cbasn1.Tag(part.tag).ContextSpecific()) {
			return malformed
		}
		// DER omits a DEFAULT FALSE, but some encoders write it.
		if present && !(part.tag != 3 && string(content) == "\x00") {
			return errors.New(part.says)
		}
	}
	if !point.Empty() {
		return malformed
	}
	return nil
}

// dotted writes an object identifier for a message.
func dotted(id cryptobyte.String) string {
	var b cryptobyte.Builder
	ocspwire.AddOID(&b, string(id))
	der := cryptobyte.String(b.BytesOrPanic())
	var oid asn1.ObjectIdentifier
	if !der.ReadASN1ObjectIdentifier(&oid) {
		return fmt.Sprintf("with the identifier %.40x", []byte(id))
	}
	return oid.String()
}
