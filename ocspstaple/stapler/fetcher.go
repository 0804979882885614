// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"crypto/x509"
)

// Fetcher asks a responder for OCSP responses.
type Fetcher interface {
	// Fetch returns the DER encoding of an OCSP response for a certificate. The
	// response is unverified, except for what Request.Usable verifies. Fetch is
	// safe for concurrent use.
	Fetch(ctx context.Context, req Request) ([]byte, error)
}

// Request is one question: what does the responder say about this certificate?
type Request struct {
	// Certificate is the certificate to ask about, and Issuer the CA
	// certificate that issued it. Both are required.
	Certificate, Issuer *x509.Certificate
	// Revalidate asks for an answer from the responder itself, not from a cache
	// on the way. A [Stapler] sets it after a first answer that was stale or
	// not newer than the current staple: RFC 9919 §7 wants requests that bypass
	// caches to be the exception.
	Revalidate bool
	// Usable, if not nil, returns an error if an answer is not usable. A
	// Fetcher with another responder or another way to ask then tries it. It
	// returns the error of Usable if nobody answers better.
	Usable func(der []byte) error
}
