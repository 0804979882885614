// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stapled is the vocabulary of JWTs whose signing certificate is
// provably not revoked at the moment of use.
//
// A stapled token is signed by the key of an X.509 certificate. Its protected
// header carries the certificate chain and, beside it, a fresh OCSP response for
// the certificate: the staple. A verifier checks signatures, compares times, and
// opens no socket.
//
// Two calls do the work. [Issuer.Sign] makes a token, and [Verifier.Verify]
// accepts one or says why not:
//
//	token, err := v.Verify(raw)
//	if errors.Is(err, stapled.CertificateRevoked) {
//		…
//	}
//
// This package holds what all others share: the [Reason] that each of them gives
// for a refusal, the [Error] that carries it, and the limits and defaults of the
// format. It depends on the standard library only.
//
// [Issuer.Sign]: https://pkg.go.dev/github.com/stapledjwt/stapled/issuer#Issuer.Sign
// [Verifier.Verify]: https://pkg.go.dev/github.com/stapledjwt/stapled/verifier#Verifier.Verify
package stapled

import "time"

// The media type of a token, and the typ header parameter, which leaves the
// prefix out (RFC 7515 §4.1.9, RFC 8725 §3.11).
const (
	MediaType = "application/stapled+jwt"
	Type      = "stapled+jwt"
)

// The limits of the format, in bytes unless they say otherwise. What exceeds one
// of the sizes is [TooLarge].
const (
	// MaxTokenBytes bounds the compact serialization.
	MaxTokenBytes = 16 << 10
	// MaxChain is the number of certificates in x5c.
	MaxChain = 5
	// MaxChainBytes bounds the DER of all certificates together, and with it
	// what parsing them can allocate.
	MaxChainBytes = 6 << 10
	// MaxStapleBytes bounds the DER of all staples together.
	MaxStapleBytes = 8 << 10
	// MaxNames is the number of names in the subjectAltName of a certificate.
	// Parsed, a name of two bytes takes eighty times as much.
	MaxNames = 64
)

// The defaults that issuers and verifiers share. They must agree: a verifier
// refuses what an issuer with a wider bound signs.
const (
	// DefaultLeeway is by how much the beginning of a window may lie in the
	// future, for clocks that disagree. It never stretches the end of one.
	// Wherever a leeway can be configured, 0 means this default.
	DefaultLeeway = time.Minute
	// NoLeeway, where a leeway can be configured, allows none.
	NoLeeway time.Duration = -1
	// DefaultMaxStapleAge bounds the time since thisUpdate, whatever nextUpdate
	// says.
	DefaultMaxStapleAge = time.Hour
	// DefaultMaxLifetime bounds exp - iat.
	DefaultMaxLifetime = time.Hour
)
