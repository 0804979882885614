// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"crypto/x509"
)

// Fetcher asks a responder.
type Fetcher interface {
	// Fetch returns the DER encoding of an OCSP response for a certificate.
	// Nothing about it is verified but what Request.Usable verifies. It is safe
	// for concurrent use.
	Fetch(ctx context.Context, req Request) ([]byte, error)
}

// Request is one question: what does the responder say of this certificate?
type Request struct {
	// Certificate is what is asked about, and Issuer the CA certificate that
	// issued it. Both are required.
	Certificate, Issuer *x509.Certificate
	// Revalidate asks for an answer of the responder itself, and not of a cache
	// on the way. A [Stapler] sets it after a first answer that was stale or not
	// newer than what it holds: RFC 9919 §7 wants requests that bypass caches to
	// be the exception.
	Revalidate bool
	// Usable, if it is not nil, returns why an answer is of no use. A Fetcher
	// that has somebody else to ask, or another way to ask, then goes on. Its
	// error is the one of Usable if nobody answers better.
	Usable func(der []byte) error
}
