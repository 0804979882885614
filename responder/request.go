// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // an identifier of the issuer, not a signature hash
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxRequestSize is the largest request that the responder reads, in bytes. A
// plain request has about 70 to 130 bytes; one with a signature and its
// certificates, which is read past, has about 2 to 9 KiB.
const MaxRequestSize = 16 << 10

// maxSerialBits bounds serial numbers to 20 octets (RFC 5280 §4.1.2.2).
const maxSerialBits = 160

// hashes are the algorithms that a CertID may use. SHA-1 is fine here: it
// names an issuer that we hold already, and protects nothing (RFC 9919 §3.1.1
// recommends SHA-256 and keeps SHA-1 for old clients).
var hashes = []struct {
	hash crypto.Hash
	oid  asn1.ObjectIdentifier
}{
	{crypto.SHA1, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}},
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}},
}

// request is the one CertID that a request asks for.
type request struct {
	// raw is the DER of the CertID; the response repeats it byte by byte, so
	// that the client finds exactly what it asked for.
	raw []byte
	// hash is zero for an algorithm that the responder does not know.
	hash              crypto.Hash
	nameHash, keyHash []byte
	serial            *big.Int
	// nonce is nil if there is none.
	nonce *nonce
}

// nonce is the nonce extension of a request (RFC 9654).
type nonce struct {
	// value is the extnValue; the response repeats it byte by byte.
	value    []byte
	critical bool
}

// maxNonce is the largest nonce, in bytes (RFC 9654 §2.1).
const maxNonce = 128

var errSyntax = errors.New("request is not a DER OCSPRequest of RFC 6960 §4.1.1")

// Tags of RFC 6960 §4.1.1. All of them are EXPLICIT.
var (
	tag0 = cbasn1.Tag(0).Constructed().ContextSpecific()
	tag1 = cbasn1.Tag(1).Constructed().ContextSpecific()
	tag2 = cbasn1.Tag(2).Constructed().ContextSpecific()
)

// parseRequest reads an OCSPRequest strictly. x/crypto/ocsp.ParseRequest is
// not used because it refuses signed requests, takes the first of several
// CertIDs and never looks at an extension.
func parseRequest(der []byte) (*request, error) {
	input := cryptobyte.String(der)
	var req, tbs, signature cryptobyte.String
	var signed bool
	if !input.ReadASN1(&req, cbasn1.SEQUENCE) || !input.Empty() ||
		!req.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!req.ReadOptionalASN1(&signature, &signed, tag0) || !req.Empty() {
		return nil, errSyntax
	}
	// The signature is not verified: the responder serves everybody, so it
	// proves nothing that matters (RFC 6960 §4.1.2, RFC 9919 §3.1.2).
	if signed && (!signature.SkipASN1(cbasn1.SEQUENCE) || !signature.Empty()) {
		return nil, errSyntax
	}

	var version, name, list, extensions cryptobyte.String
	var hasVersion, hasName, hasExtensions bool
	if !tbs.ReadOptionalASN1(&version, &hasVersion, tag0) ||
		!tbs.ReadOptionalASN1(&name, &hasName, tag1) ||
		!tbs.ReadASN1(&list, cbasn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&extensions, &hasExtensions, tag2) || !tbs.Empty() {
		return nil, errSyntax
	}
	if hasVersion {
		// v1 is 0. DER leaves a DEFAULT out, yet some clients write it.
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
		if n, err = parseExtensions(extensions, oidNonce); err != nil {
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

// parseRequestList reads the one Request of a requestList. RFC 9919 §3.1.1
// makes exactly one CertID a MUST for clients. Answering the first of several
// would leave the client to guess which of its questions was meant, and
// answering all of them makes a response that no cache key and no staple fits.
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
		!single.ReadOptionalASN1(&extensions, &hasExtensions, tag0) || !single.Empty() {
		return nil, errSyntax
	}
	if hasExtensions {
		// The nonce belongs to the request as a whole (RFC 9654 §2.1).
		if _, err := parseExtensions(extensions, nil); err != nil {
			return nil, err
		}
	}
	return parseCertID(certID)
}

func parseCertID(element cryptobyte.String) (*request, error) {
	r := &request{raw: []byte(element), serial: new(big.Int)}
	var certID, algorithm, params, nameHash, keyHash cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !element.ReadASN1(&certID, cbasn1.SEQUENCE) ||
		!certID.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, errSyntax
	}
	for _, h := range hashes {
		if oid.Equal(h.oid) {
			r.hash = h.hash
		}
	}
	// RFC 5754 §2 has receivers accept both absent and NULL parameters.
	if !algorithm.Empty() {
		var t cbasn1.Tag
		if !algorithm.ReadAnyASN1(&params, &t) || !algorithm.Empty() {
			return nil, errSyntax
		}
		if r.hash != 0 && (t != cbasn1.NULL || !params.Empty()) {
			return nil, errors.New("hash algorithm of the CertID has parameters")
		}
	}
	if !certID.ReadASN1(&nameHash, cbasn1.OCTET_STRING) ||
		!certID.ReadASN1(&keyHash, cbasn1.OCTET_STRING) ||
		!certID.ReadASN1Integer(r.serial) || !certID.Empty() {
		return nil, errSyntax
	}
	// Some old CAs have issued serial 0, so only the source can judge that.
	if r.serial.Sign() < 0 || r.serial.BitLen() > maxSerialBits {
		return nil, errors.New("serial number is negative or longer than 20 octets (RFC 5280 §4.1.2.2)")
	}
	r.nameHash, r.keyHash = nameHash, keyHash
	return r, nil
}

// oidNonce is the content of the OBJECT IDENTIFIER id-pkix-ocsp-nonce,
// 1.3.6.1.5.5.7.48.1.2.
var oidNonce = []byte{0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2}

// parseExtensions returns the one extension that the responder processes, the
// nonce, and nil if it is not there. It refuses what the responder would have to
// obey and does not: another critical extension (RFC 5280 §4.2).
func parseExtensions(der cryptobyte.String, nonceID []byte) (*nonce, error) {
	var list cryptobyte.String
	if !der.ReadASN1(&list, cbasn1.SEQUENCE) || !der.Empty() || list.Empty() {
		return nil, errSyntax
	}
	var found *nonce
	seen := make(map[string]bool)
	for !list.Empty() {
		var ext, oid, value cryptobyte.String
		var critical bool
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) ||
			!ext.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) ||
			!ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return nil, errSyntax
		}
		// RFC 5280 §4.2: no extension occurs twice.
		if seen[string(oid)] {
			return nil, errors.New("request has an extension twice")
		}
		seen[string(oid)] = true
		switch {
		case nonceID != nil && bytes.Equal(oid, nonceID):
			if err := checkNonce(value); err != nil {
				return nil, err
			}
			found = &nonce{value: bytes.Clone(value), critical: critical}
		case critical:
			return nil, errors.New("request has a critical extension that the responder does not process")
		}
	}
	return found, nil
}

// checkNonce holds a nonce to 1 to 128 bytes (RFC 9654 §2.1: otherwise
// malformedRequest). It is an OCTET STRING within the extnValue. Clients of RFC
// 2560 §4.4.1 put the bytes there as they are, and get the same bytes back.
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
