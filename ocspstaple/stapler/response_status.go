// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import "github.com/stapledjwt/stapled/internal/ocspwire"

// ResponseStatus is an OCSPResponseStatus other than successful (RFC 6960
// §4.2.1): the responder says that it cannot answer. It is not signed and says
// nothing about the certificate. It is an error, so errors.Is(err,
// stapler.Unauthorized) works.
type ResponseStatus int

// The values of OCSPResponseStatus with which a responder may decline to answer
// (RFC 6960 §2.3).
const (
	MalformedRequest ResponseStatus = ResponseStatus(ocspwire.MalformedRequest)
	InternalError    ResponseStatus = ResponseStatus(ocspwire.InternalError)
	TryLater         ResponseStatus = ResponseStatus(ocspwire.TryLater)
	SigRequired      ResponseStatus = ResponseStatus(ocspwire.SigRequired)
	Unauthorized     ResponseStatus = ResponseStatus(ocspwire.Unauthorized)
)

// Error returns the name of the status in RFC 6960, and what it means.
func (s ResponseStatus) Error() string {
	var meaning string
	switch s {
	case MalformedRequest:
		meaning = ": it does not understand the request"
	case InternalError:
		meaning = ": try again, or look at its log"
	case TryLater:
		meaning = ": it cannot answer now, often because its database or CRL is out of reach; try again, and look at its log or /readyz"
	case SigRequired:
		meaning = ": it wants signed requests, which are not supported"
	case Unauthorized:
		meaning = ": it may not serve the CA of this certificate, or may know only SHA-1 CertIDs"
	}
	return "the responder answers " + ocspwire.ResponseStatus(s).String() + meaning
}

// statusOf returns the status of an unsuccessful response, or 0.
func statusOf(der []byte) ResponseStatus {
	status, _, ok := ocspwire.ReadResponse(der)
	if !ok {
		return 0 // the parser will say what is wrong
	}
	switch s := ResponseStatus(status); s {
	case MalformedRequest, InternalError, TryLater, SigRequired, Unauthorized:
		return s
	}
	return 0
}
