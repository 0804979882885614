// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// MaxRequestSize is the largest request that the responder reads, in bytes. A
// plain request takes about 70 to 130 bytes. One with a signature and its
// certificates, which the responder ignores, takes about 2 to 9 KiB.
const MaxRequestSize = 16 << 10

// maxSerialBits limits serial numbers to 20 octets (RFC 5280 §4.1.2.2).
const maxSerialBits = 160

// request holds the one CertID that a request asks about.
type request struct {
	// raw is the DER of the CertID. The response repeats it byte for byte, so
	// that the client finds exactly what it asked for.
	raw []byte
	// issuer has the hash 0 if the responder does not know the algorithm.
	issuer issuerID
	serial *big.Int
	// nonce is nil if there is none.
	nonce *nonce
}

// nonce is the nonce extension of a request (RFC 9654).
type nonce struct {
	// value is the extnValue; the response repeats it byte for byte.
	value    []byte
	critical bool
}

// maxNonce is the largest nonce, in bytes (RFC 9654 §2.1).
const maxNonce = 128

var errSyntax = errors.New("request is not a DER OCSPRequest of RFC 6960 §4.1.1")

// parseRequest parses an OCSPRequest strictly. It does not use
// x/crypto/ocsp.ParseRequest, which refuses signed requests, takes the first of
// several CertIDs and ignores extensions.
func parseRequest(der []byte) (*request, error) {
	input := cryptobyte.String(der)
	var req, tbs, signature cryptobyte.String
	var signed bool
	if !input.ReadASN1(&req, cbasn1.SEQUENCE) || !input.Empty() ||
		!req.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!req.ReadOptionalASN1(&signature, &signed, ocspwire.Tag(0)) || !req.Empty() {
		return nil, errSyntax
	}
	// Do not verify the signature: the responder serves everybody, so it proves
	// nothing that matters (RFC 6960 §4.1.2, RFC 9919 §3.1.2).
	if signed && (!signature.SkipASN1(cbasn1.SEQUENCE) || !signature.Empty()) {
		return nil, errSyntax
	}

	var version, name, list, extensions cryptobyte.String
	var hasVersion, hasName, hasExtensions bool
	if !tbs.ReadOptionalASN1(&version, &hasVersion, ocspwire.Tag(0)) ||
		!tbs.ReadOptionalASN1(&name, &hasName, ocspwire.Tag(1)) ||
		!tbs.ReadASN1(&list, cbasn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&extensions, &hasExtensions, ocspwire.Tag(2)) || !tbs.Empty() {
		return nil, errSyntax
	}
	if hasVersion {
		// v1 is 0. DER omits a DEFAULT, but some clients write it.
		var v int
		if !version.ReadASN1Integer(&v) || !version.Empty() {
			return nil, errSyntax
		}
		if v != 0 {
			return nil, fmt.Errorf("request version is v%d, only v1 exists", v+1)
		}
	}
	if hasName {
		var general cryptobyte.String
		var t cbasn1.Tag
		if !name.ReadAnyASN1(&general, &t) || !name.Empty() {
			return nil, errSyntax
		}
	}
	var n *nonce
	if hasExtensions {
		var err error
		if n, err = parseExtensions(extensions, true); err != nil {
			return nil, err
		}
	}
	r, err := parseRequestList(list)
	if err != nil {
		return nil, err
	}
	r.nonce = n
	return r, nil
}

// parseRequestList parses the one Request of a requestList. RFC 9919 §3.1.1
// says that clients MUST send exactly one CertID. If the responder answered the
// first of several, the client would have to guess which question it answered.
// If it answered all, the response would fit no cache key and no staple.
func parseRequestList(list cryptobyte.String) (*request, error) {
	var single, certID, extensions cryptobyte.String
	var hasExtensions bool
	if !list.ReadASN1(&single, cbasn1.SEQUENCE) {
		return nil, errors.New("request asks for no certificate")
	}
	if !list.Empty() {
		return nil, errors.New("request asks for several certificates; ask for one at a time (RFC 9919 §3.1.1)")
	}
	if !single.ReadASN1Element(&certID, cbasn1.SEQUENCE) ||
		!single.ReadOptionalASN1(&extensions, &hasExtensions, ocspwire.Tag(0)) || !single.Empty() {
		return nil, errSyntax
	}
	if hasExtensions {
		// The nonce belongs to the request as a whole (RFC 9654 §2.1).
		if _, err := parseExtensions(extensions, false); err != nil {
			return nil, err
		}
	}
	return parseCertID(certID)
}

func parseCertID(element cryptobyte.String) (*request, error) {
	r := &request{raw: []byte(element), serial: new(big.Int)}
	var certID cryptobyte.String
	var issuer ocspwire.IssuerID
	if !element.ReadASN1(&certID, cbasn1.SEQUENCE) || !issuer.Read(&certID) ||
		!certID.ReadASN1Integer(r.serial) || !certID.Empty() {
		return nil, errSyntax
	}
	r.issuer = issuerID{ocspwire.HashOf(issuer.Algorithm), string(issuer.NameHash), string(issuer.KeyHash)}
	// The parameters of an unknown algorithm are unknown too.
	if r.issuer.hash != 0 && !ocspwire.IsNullOrAbsent(issuer.Parameters) {
		return nil, errors.New("hash algorithm of the CertID has parameters")
	}
	// Some old CAs issued serial 0, so only the source can judge it.
	if r.serial.Sign() < 0 || r.serial.BitLen() > maxSerialBits {
		return nil, errors.New("serial number is negative or longer than 20 octets (RFC 5280 §4.1.2.2)")
	}
	return r, nil
}

// parseExtensions returns the nonce, or nil if there is none. The nonce is the
// only extension that the responder processes, and only if takesNonce is set.
// parseExtensions refuses any other critical extension, because the responder
// does not process it (RFC 5280 §4.2).
func parseExtensions(tagged cryptobyte.String, takesNonce bool) (*nonce, error) {
	var found *nonce
	err := ocspwire.ReadExtensions(tagged, func(ext ocspwire.Extension) error {
		switch {
		case takesNonce && string(ext.ID) == ocspwire.Nonce:
			if err := checkNonce(ext.Value); err != nil {
				return err
			}
			found = &nonce{value: bytes.Clone(ext.Value), critical: ext.Critical}
		case ext.Critical:
			return errors.New("a critical extension that the responder does not process")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return found, nil
}

// checkNonce checks that a nonce has 1 to 128 bytes (RFC 9654 §2.1: otherwise
// malformedRequest). It is an OCTET STRING within the extnValue. Clients that
// follow RFC 2560 §4.4.1 put in the bytes directly, and get the same bytes
// back.
func checkNonce(value cryptobyte.String) error {
	content := value
	if inner := value; inner.ReadASN1(&content, cbasn1.OCTET_STRING) && inner.Empty() {
		value = content
	}
	if len(value) < 1 || len(value) > maxNonce {
		return fmt.Errorf("nonce has %d bytes, it must have 1 to %d (RFC 9654 §2.1)", len(value), maxNonce)
	}
	return nil
}
