// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxProducedBefore limits how far producedAt may precede thisUpdate.
// golang.org/x/crypto/ocsp, and so Vault and others, rounds producedAt down to
// the minute. Anything earlier would be a statement about the future.
const maxProducedBefore = time.Minute

// noExtensions is a singleExtensions without any.
var noExtensions = []byte{0xa1, 2, 0x30, 0}

// response is the parsed content of an OCSPResponse. Do not rely on any field
// before the signature has been verified.
type response struct {
	tbs       []byte // the DER of ResponseData, which is signed
	algorithm x509.SignatureAlgorithm
	signature []byte
	certs     []*x509.Certificate // embedded, in order

	responder  ocspwire.ResponderID
	certID     certID
	status     Status
	revokedAt  time.Time
	reason     CRLReason
	extended   bool // it has the extension id-pkix-ocsp-extended-revoke
	producedAt time.Time
	thisUpdate time.Time
	nextUpdate time.Time
}

// parse reads an OCSPResponse (RFC 6960 §4.2.1) in strict DER. It accepts
// exactly one SingleResponse, as responders should send (RFC 9919 §3.2.1): with
// several, the answer depends on who reads it. It refuses every critical
// extension, because it processes none, and every byte that it does not
// understand.
func (r *response) parse(der []byte, allow allowance) error {
	status, body, ok := ocspwire.ReadResponse(der)
	if !ok {
		return fail(stapled.StapleMalformed, "not an OCSPResponse")
	}
	if status != ocspwire.Successful {
		return fail(stapled.StapleMalformed, "the responder answered %s", status)
	}
	var bytesSeq, octets cryptobyte.String
	var hasBytes bool
	if !body.ReadOptionalASN1(&bytesSeq, &hasBytes, ocspwire.Tag(0)) || !hasBytes || !body.Empty() {
		return fail(stapled.StapleMalformed, "malformed OCSPResponse")
	}
	var inner, oid cryptobyte.String
	if !bytesSeq.ReadASN1(&inner, cbasn1.SEQUENCE) || !bytesSeq.Empty() ||
		!ocspwire.ReadOID(&inner, &oid) || !inner.ReadASN1(&octets, cbasn1.OCTET_STRING) || !inner.Empty() {
		return fail(stapled.StapleMalformed, "malformed ResponseBytes")
	}
	if string(oid) != ocspwire.BasicResponse {
		return fail(stapled.StapleMalformed, "the response type is not id-pkix-ocsp-basic")
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
		return fail(stapled.StapleMalformed, "malformed BasicOCSPResponse")
	}
	r.tbs = tbs
	var wellFormed bool
	if r.algorithm, wellFormed = ocspwire.ReadSignatureAlgorithm(algorithm); !wellFormed {
		return fail(stapled.StapleMalformed, "malformed signature algorithm")
	}
	embedded, err := readCertificates(&basic)
	if err != nil {
		return err
	}
	if !basic.Empty() {
		return fail(stapled.StapleMalformed, "malformed BasicOCSPResponse")
	}
	if r.certs, err = parseCertificates(embedded); err != nil {
		return err
	}
	return r.parseData(tbs, allow)
}

// parseData reads ResponseData.
func (r *response) parseData(input cryptobyte.String, allow allowance) error {
	var data, version, responses, single cryptobyte.String
	var hasVersion bool
	if !input.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!data.ReadOptionalASN1(&version, &hasVersion, ocspwire.Tag(0)) {
		return fail(stapled.StapleMalformed, "malformed ResponseData")
	}
	if hasVersion {
		var v int
		if !version.ReadASN1Integer(&v) || !version.Empty() || v != 0 {
			return fail(stapled.StapleMalformed, "version is not v1")
		}
	}
	if !r.responder.Read(&data) {
		return fail(stapled.StapleMalformed, "malformed ResponderID")
	}
	var err error
	if r.producedAt, err = readTime(&data, allow); err != nil {
		return err
	}
	if !data.ReadASN1(&responses, cbasn1.SEQUENCE) || !responses.ReadASN1(&single, cbasn1.SEQUENCE) {
		return fail(stapled.StapleMalformed, "no SingleResponse")
	}
	if !responses.Empty() {
		return fail(stapled.StapleMalformed, "more than one SingleResponse")
	}
	if err := r.parseExtensions(&data, ocspwire.Tag(1), allow); err != nil {
		return err
	}
	if !data.Empty() {
		return fail(stapled.StapleMalformed, "malformed ResponseData")
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
		return fail(stapled.StapleMalformed, "malformed CertStatus")
	}
	status, known := ocspwire.StatusOf(tag)
	if !known {
		return fail(stapled.StapleMalformed, "malformed CertStatus")
	}
	r.status = Status(status)
	var err error
	if r.status == Revoked {
		if err = r.parseRevoked(&content, allow); err != nil {
			return err
		}
	}
	if !content.Empty() {
		return fail(stapled.StapleMalformed, "malformed CertStatus")
	}
	if r.thisUpdate, err = readTime(&single, allow); err != nil {
		return err
	}
	if !single.ReadOptionalASN1(&next, &hasNext, ocspwire.Tag(0)) {
		return fail(stapled.StapleMalformed, "malformed SingleResponse")
	}
	if hasNext {
		if r.nextUpdate, err = readTime(&next, allow); err != nil {
			return err
		}
		if !next.Empty() {
			return fail(stapled.StapleMalformed, "malformed nextUpdate")
		}
	}
	// Extensions have at least one element (RFC 5280 §4.1), but Vault and OpenBao
	// write none into every answer.
	if bytes.Equal(single, noExtensions) {
		single = nil
	}
	if err := r.parseExtensions(&single, ocspwire.Tag(1), allow); err != nil {
		return err
	}
	if !single.Empty() {
		return fail(stapled.StapleMalformed, "malformed SingleResponse")
	}
	return r.checkTimes(hasNext, allow)
}

// checkTimes checks the times of a response against each other. RFC 9919 §3.2.4
// requires nextUpdate; without it nothing limits the age of the answer.
func (r *response) checkTimes(hasNext bool, allow allowance) error {
	switch {
	case !hasNext && allow.missingNextUpdate:
		r.nextUpdate = r.thisUpdate.AddDate(100, 0, 0)
	case !hasNext:
		return fail(stapled.StapleMalformed, "nextUpdate is absent")
	case !r.nextUpdate.After(r.thisUpdate):
		return fail(stapled.StapleMalformed, "nextUpdate %s is not after thisUpdate %s", timetext.Stamp(r.nextUpdate), timetext.Stamp(r.thisUpdate))
	}
	if r.thisUpdate.Sub(r.producedAt) >= maxProducedBefore {
		return fail(stapled.StapleMalformed, "producedAt %s is a minute or more before thisUpdate %s",
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
	if !content.ReadOptionalASN1(&tagged, &hasReason, ocspwire.Tag(0)) {
		return fail(stapled.StapleMalformed, "malformed RevokedInfo")
	}
	if !hasReason {
		return nil
	}
	var reason int
	if !tagged.ReadASN1Enum(&reason) || !tagged.Empty() || !ocspwire.CRLReason(reason).Valid() {
		return fail(stapled.StapleMalformed, "malformed revocation reason")
	}
	r.reason = CRLReason(reason)
	return nil
}

// readTime reads a GeneralizedTime as RFC 5280 §4.1.2.5.2 profiles it: in UTC,
// with seconds but no fractions, YYYYMMDDHHMMSSZ.
func readTime(input *cryptobyte.String, allow allowance) (time.Time, error) {
	var text cryptobyte.String
	if !input.ReadASN1(&text, cbasn1.GeneralizedTime) {
		return time.Time{}, fail(stapled.StapleMalformed, "malformed time")
	}
	text = allow.dropFraction(text)
	if len(text) != 15 || text[14] != 'Z' {
		return time.Time{}, fail(stapled.StapleMalformed, "malformed time")
	}
	var pairs [7]int // the year takes two
	for i, c := range text[:14] {
		if c < '0' || c > '9' {
			return time.Time{}, fail(stapled.StapleMalformed, "malformed time")
		}
		pairs[i/2] = 10*pairs[i/2] + int(c-'0')
	}
	t := time.Date(100*pairs[0]+pairs[1], time.Month(pairs[2]), pairs[3], pairs[4], pairs[5], pairs[6], 0, time.UTC)
	// time.Date normalizes values that are out of range.
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if pairs != [...]int{year / 100, year % 100, int(month), day, hour, minute, second} {
		return time.Time{}, fail(stapled.StapleMalformed, "malformed time")
	}
	return t, nil
}
