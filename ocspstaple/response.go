// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxProducedBefore bounds by how much producedAt may precede thisUpdate.
// golang.org/x/crypto/ocsp, and with it Vault and others, rounds producedAt down
// to the minute. More than that would be a statement about the future.
const maxProducedBefore = time.Minute

var oidBasicResponse = encodeOID(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)

// response is the content of an OCSPResponse, parsed and nothing more: no
// field of it may be relied on before the signature has been verified.
type response struct {
	tbs       []byte // the DER of ResponseData, which is signed
	algorithm x509.SignatureAlgorithm
	signature []byte
	certs     []*x509.Certificate // embedded, in their order

	responderName []byte // DER of the Name, or nil
	responderKey  []byte // the KeyHash, or nil

	certID     certID
	status     Status
	revokedAt  time.Time
	reason     CRLReason
	producedAt time.Time
	thisUpdate time.Time
	nextUpdate time.Time
}

// parse reads an OCSPResponse (RFC 6960 §4.2.1) in strict DER. It
// accepts exactly one SingleResponse, as responders should send (RFC 9919
// §3.2.1): with several, what the response says depends on who reads it. It
// refuses every critical extension, for it processes none, and tolerates no
// byte that it has not understood.
func (r *response) parse(der []byte, allow allowance) error {
	input := cryptobyte.String(der)
	var body, bytesSeq, octets cryptobyte.String
	var status int
	var hasBytes bool
	if !input.ReadASN1(&body, cbasn1.SEQUENCE) || !input.Empty() || !body.ReadASN1Enum(&status) {
		return fail(Malformed, "not an OCSPResponse")
	}
	if status != 0 {
		return fail(Malformed, "the responder answered %s", responseStatus(status))
	}
	if !body.ReadOptionalASN1(&bytesSeq, &hasBytes, contextTag(0)) || !hasBytes || !body.Empty() {
		return fail(Malformed, "malformed OCSPResponse")
	}
	var inner, oid cryptobyte.String
	if !bytesSeq.ReadASN1(&inner, cbasn1.SEQUENCE) || !bytesSeq.Empty() ||
		!readOID(&inner, &oid) || !inner.ReadASN1(&octets, cbasn1.OCTET_STRING) || !inner.Empty() {
		return fail(Malformed, "malformed ResponseBytes")
	}
	if string(oid) != oidBasicResponse {
		return fail(Malformed, "the response type is not id-pkix-ocsp-basic")
	}
	return r.parseBasic(octets, allow)
}

// parseBasic reads a BasicOCSPResponse.
func (r *response) parseBasic(input cryptobyte.String, allow allowance) error {
	var basic, tbs, algorithm cryptobyte.String
	if !input.ReadASN1(&basic, cbasn1.SEQUENCE) || !input.Empty() ||
		!basic.ReadASN1Element(&tbs, cbasn1.SEQUENCE) ||
		!basic.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!basic.ReadASN1BitStringAsBytes(&r.signature) {
		return fail(Malformed, "malformed BasicOCSPResponse")
	}
	r.tbs = tbs
	var err error
	if r.algorithm, err = parseSignatureAlgorithm(algorithm); err != nil {
		return err
	}
	embedded, err := readCertificates(&basic)
	if err != nil {
		return err
	}
	if !basic.Empty() {
		return fail(Malformed, "malformed BasicOCSPResponse")
	}
	if r.certs, err = parseCertificates(embedded); err != nil {
		return err
	}
	return r.parseData(tbs, allow)
}

// parseData reads ResponseData.
func (r *response) parseData(input cryptobyte.String, allow allowance) error {
	var data, version, responder, responses, single cryptobyte.String
	var hasVersion bool
	var tag cbasn1.Tag
	if !input.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!data.ReadOptionalASN1(&version, &hasVersion, contextTag(0)) {
		return fail(Malformed, "malformed ResponseData")
	}
	if hasVersion {
		var v int
		if !version.ReadASN1Integer(&v) || !version.Empty() || v != 0 {
			return fail(Malformed, "version is not v1")
		}
	}
	if !data.ReadAnyASN1(&responder, &tag) {
		return fail(Malformed, "malformed ResponderID")
	}
	switch tag {
	case contextTag(1):
		if !responder.ReadASN1Element((*cryptobyte.String)(&r.responderName), cbasn1.SEQUENCE) || !responder.Empty() {
			return fail(Malformed, "malformed ResponderID")
		}
	case contextTag(2):
		if !responder.ReadASN1((*cryptobyte.String)(&r.responderKey), cbasn1.OCTET_STRING) || !responder.Empty() {
			return fail(Malformed, "malformed ResponderID")
		}
	default:
		return fail(Malformed, "malformed ResponderID")
	}
	var err error
	if r.producedAt, err = readTime(&data, allow); err != nil {
		return err
	}
	if !data.ReadASN1(&responses, cbasn1.SEQUENCE) || !responses.ReadASN1(&single, cbasn1.SEQUENCE) {
		return fail(Malformed, "no SingleResponse")
	}
	if !responses.Empty() {
		return fail(Malformed, "more than one SingleResponse")
	}
	if err := parseExtensions(&data, contextTag(1), allow); err != nil {
		return err
	}
	if !data.Empty() {
		return fail(Malformed, "malformed ResponseData")
	}
	return r.parseSingle(single, allow)
}

// parseSingle reads a SingleResponse.
func (r *response) parseSingle(single cryptobyte.String, allow allowance) error {
	if err := r.certID.parse(&single, allow); err != nil {
		return err
	}
	var content, next cryptobyte.String
	var tag cbasn1.Tag
	var hasNext bool
	if !single.ReadAnyASN1(&content, &tag) {
		return fail(Malformed, "malformed CertStatus")
	}
	var err error
	switch tag {
	case cbasn1.Tag(0).ContextSpecific():
		r.status = Good
	case contextTag(1):
		r.status = Revoked
		err = r.parseRevoked(&content, allow)
	case cbasn1.Tag(2).ContextSpecific():
		r.status = Unknown
	default:
		return fail(Malformed, "malformed CertStatus")
	}
	if err != nil {
		return err
	}
	if !content.Empty() {
		return fail(Malformed, "malformed CertStatus")
	}
	if r.thisUpdate, err = readTime(&single, allow); err != nil {
		return err
	}
	if !single.ReadOptionalASN1(&next, &hasNext, contextTag(0)) {
		return fail(Malformed, "malformed SingleResponse")
	}
	if hasNext {
		if r.nextUpdate, err = readTime(&next, allow); err != nil {
			return err
		}
		if !next.Empty() {
			return fail(Malformed, "malformed nextUpdate")
		}
	}
	if err := parseExtensions(&single, contextTag(1), allow); err != nil {
		return err
	}
	if !single.Empty() {
		return fail(Malformed, "malformed SingleResponse")
	}
	return r.checkTimes(hasNext, allow)
}

// checkTimes holds the times of a response against each other. RFC 9919 §3.2.4
// requires nextUpdate; without it nothing bounds the age of the answer.
func (r *response) checkTimes(hasNext bool, allow allowance) error {
	switch {
	case !hasNext && allow.missingNextUpdate:
		r.nextUpdate = r.thisUpdate.AddDate(100, 0, 0)
	case !hasNext:
		return fail(Malformed, "nextUpdate is absent")
	case !r.nextUpdate.After(r.thisUpdate):
		return fail(Malformed, "nextUpdate %s is not after thisUpdate %s", timetext.Stamp(r.nextUpdate), timetext.Stamp(r.thisUpdate))
	}
	if r.thisUpdate.Sub(r.producedAt) >= maxProducedBefore {
		return fail(Malformed, "producedAt %s is a minute or more before thisUpdate %s",
			timetext.Stamp(r.producedAt), timetext.Stamp(r.thisUpdate))
	}
	return nil
}

// parseRevoked reads the content of RevokedInfo.
func (r *response) parseRevoked(content *cryptobyte.String, allow allowance) error {
	var err error
	if r.revokedAt, err = readTime(content, allow); err != nil {
		return err
	}
	var tagged cryptobyte.String
	var hasReason bool
	if !content.ReadOptionalASN1(&tagged, &hasReason, contextTag(0)) {
		return fail(Malformed, "malformed RevokedInfo")
	}
	if !hasReason {
		return nil
	}
	var reason int
	if !tagged.ReadASN1Enum(&reason) || !tagged.Empty() || !CRLReason(reason).valid() {
		return fail(Malformed, "malformed revocation reason")
	}
	r.reason = CRLReason(reason)
	return nil
}

// readTime reads a GeneralizedTime as RFC 5280 §4.1.2.5.2 profiles it: in UTC,
// with seconds and without fractions, YYYYMMDDHHMMSSZ.
func readTime(input *cryptobyte.String, allow allowance) (time.Time, error) {
	var text cryptobyte.String
	if !input.ReadASN1(&text, cbasn1.GeneralizedTime) {
		return time.Time{}, fail(Malformed, "malformed time")
	}
	text = allow.dropFraction(text)
	if len(text) != 15 || text[14] != 'Z' {
		return time.Time{}, fail(Malformed, "malformed time")
	}
	var pairs [7]int // the year takes two
	for i, c := range text[:14] {
		if c < '0' || c > '9' {
			return time.Time{}, fail(Malformed, "malformed time")
		}
		pairs[i/2] = 10*pairs[i/2] + int(c-'0')
	}
	t := time.Date(100*pairs[0]+pairs[1], time.Month(pairs[2]), pairs[3], pairs[4], pairs[5], pairs[6], 0, time.UTC)
	// time.Date carries over what is out of its range.
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if pairs != [...]int{year / 100, year % 100, int(month), day, hour, minute, second} {
		return time.Time{}, fail(Malformed, "malformed time")
	}
	return t, nil
}

func isNullOrAbsent(parameters cryptobyte.String) bool {
	return parameters.Empty() || bytes.Equal(parameters, []byte{0x05, 0x00})
}

func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func responseStatus(status int) string {
	switch status {
	case 1:
		return "malformedRequest"
	case 2:
		return "internalError"
	case 3:
		return "tryLater"
	case 5:
		return "sigRequired"
	case 6:
		return "unauthorized"
	}
	return fmt.Sprintf("status %d", status)
}
