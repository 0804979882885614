// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ResponseStatus is an OCSPResponseStatus other than successful (RFC 6960
// §4.2.1): the responder says that it cannot answer. Nobody has signed it, and
// it says nothing about the certificate. It is an error, so that errors.Is(err,
// stapler.Unauthorized) asks for it.
type ResponseStatus int

// The values of OCSPResponseStatus that responders may answer with (RFC 6960
// §2.3).
const (
	MalformedRequest ResponseStatus = 1
	InternalError    ResponseStatus = 2
	TryLater         ResponseStatus = 3
	SigRequired      ResponseStatus = 5
	Unauthorized     ResponseStatus = 6
)

// Error names the status as RFC 6960 does, and says what it means.
func (s ResponseStatus) Error() string {
	switch s {
	case MalformedRequest:
		return "the responder answers malformedRequest: it does not understand the request"
	case InternalError:
		return "the responder answers internalError: try again, or look at its log"
	case TryLater:
		return "the responder answers tryLater: it cannot answer now"
	case SigRequired:
		return "the responder answers sigRequired: it wants signed requests, which are not supported"
	case Unauthorized:
		return "the responder answers unauthorized: it may not serve the CA of this certificate, or may know only SHA-1 CertIDs"
	}
	return "the responder answers with an unknown status"
}

// statusOf returns the status of a response that is not successful, or 0.
func statusOf(der []byte) ResponseStatus {
	input := cryptobyte.String(der)
	var body cryptobyte.String
	var status int
	if !input.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1Enum(&status) {
		return 0 // the parser will say what is wrong
	}
	switch s := ResponseStatus(status); s {
	case MalformedRequest, InternalError, TryLater, SigRequired, Unauthorized:
		return s
	}
	return 0
}
