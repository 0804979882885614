// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ResponseStatus is the OCSPResponseStatus of a response (RFC 6960 §4.2.1). All
// but Successful come without an answer or a signature (§2.3).
type ResponseStatus int

// The values of OCSPResponseStatus; 4 is not used.
const (
	Successful       ResponseStatus = 0
	MalformedRequest ResponseStatus = 1
	InternalError    ResponseStatus = 2
	TryLater         ResponseStatus = 3
	SigRequired      ResponseStatus = 5
	Unauthorized     ResponseStatus = 6
)

// String returns the name of the status in RFC 6960.
func (s ResponseStatus) String() string {
	switch s {
	case Successful:
		return "successful"
	case MalformedRequest:
		return "malformedRequest"
	case InternalError:
		return "internalError"
	case TryLater:
		return "tryLater"
	case SigRequired:
		return "sigRequired"
	case Unauthorized:
		return "unauthorized"
	}
	return fmt.Sprintf("status %d", int(s))
}

// ErrorResponse returns an OCSPResponse with a status other than Successful.
func ErrorResponse(s ResponseStatus) []byte {
	return []byte{0x30, 0x03, byte(cbasn1.ENUM), 0x01, byte(s)}
}

// SuccessfulResponse returns an OCSPResponse around the content of a
// BasicOCSPResponse (RFC 6960 §4.2.1).
func SuccessfulResponse(basic cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPResponse
		b.AddASN1Enum(int64(Successful))
		b.AddASN1(Tag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // ResponseBytes
				AddOID(b, BasicResponse)
				b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, basic) })
			})
		})
	})
	return b.Bytes()
}

// AddCertificate writes the optional certs of a BasicOCSPResponse, with one
// certificate.
func AddCertificate(b *cryptobyte.Builder, der []byte) {
	b.AddASN1(Tag(0), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(der) })
	})
}

// ReadResponse reads the start of an OCSPResponse: its status, and the rest. It
// reports false unless der is one SEQUENCE that starts with a status.
func ReadResponse(der []byte) (s ResponseStatus, rest cryptobyte.String, ok bool) {
	input := cryptobyte.String(der)
	if !input.ReadASN1(&rest, cbasn1.SEQUENCE) || !input.Empty() || !rest.ReadASN1Enum((*int)(&s)) {
		return 0, nil, false
	}
	return s, rest, true
}
