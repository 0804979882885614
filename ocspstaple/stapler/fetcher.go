// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"context"
	"crypto/x509"
)

// Fetcher asks a responder.
type Fetcher interface {
	// Fetch returns the DER encoding of the OCSP response for a certificate.
	// Nothing about it has been verified. It is safe for concurrent use.
	Fetch(ctx context.Context, leaf, issuer *x509.Certificate) ([]byte, error)
}

type revalidation struct{}

// WithRevalidation asks a [Fetcher] to have the responder itself answer, and
// not a cache on the way. A [Stapler] does so after a first answer that was not
// newer than what it holds: RFC 9919 §7 wants requests that bypass caches to be
// the exception.
func WithRevalidation(ctx context.Context) context.Context {
	return context.WithValue(ctx, revalidation{}, true)
}

// Revalidate tells a [Fetcher] whether [WithRevalidation] has been called.
func Revalidate(ctx context.Context) bool {
	wanted, _ := ctx.Value(revalidation{}).(bool)
	return wanted
}
