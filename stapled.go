// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stapled is the vocabulary of JWTs whose signing certificate is
// provably not revoked at the moment of use.
//
// A stapled token is signed by the key of an X.509 certificate. Its protected
// header carries the certificate chain and a fresh OCSP response for the
// certificate: the staple. A verifier checks signatures, compares times, and
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
// This package holds what the other packages share: the [Reason] for a refusal,
// the [Error] that carries it, and the limits and defaults of the format. It
// depends only on the standard library.
//
// [Issuer.Sign]: https://pkg.go.dev/github.com/stapledjwt/stapled/issuer#Issuer.Sign
// [Verifier.Verify]: https://pkg.go.dev/github.com/stapledjwt/stapled/verifier#Verifier.Verify
package stapled

import "time"

// The media type of a token, and its typ header parameter, which omits the
// "application/" prefix (RFC 7515 §4.1.9, RFC 8725 §3.11).
const (
	MediaType = "application/stapled+jwt"
	Type      = "stapled+jwt"
)

// The limits of the format, in bytes unless noted. Exceeding a size limit is
// [TooLarge].
const (
	// MaxTokenBytes limits the compact serialization.
	MaxTokenBytes = 16 << 10
	// MaxChain is the maximum number of certificates in x5c.
	MaxChain = 5
	// MaxChainBytes limits the DER of all certificates together, and so what
	// parsing them can allocate.
	MaxChainBytes = 6 << 10
	// MaxStapleBytes limits the DER of all staples together.
	MaxStapleBytes = 8 << 10
	// MaxNames is the maximum number of names in a certificate's
	// subjectAltName. A two-byte name takes eighty times as much memory once
	// parsed.
	MaxNames = 64
	// MaxNameBytes limits each name in a certificate's subjectAltName and name
	// constraints.
	MaxNameBytes = 1 << 10
	// MaxParts is the maximum number of parts of all certificates in x5c
	// together, and of each certificate that a staple embeds. Parts are the
	// attributes in issuer and subject names and the elements of the lists in
	// extensions; an extension counts as two, and a URI in the subjectAltName
	// as four. Real certificates have 20 to 60.
	MaxParts = 160
	// MaxPartBytes limits the names and the lists that hold the parts, in the
	// same certificates together.
	MaxPartBytes = 7 << 9
	// MaxAlgorithmBytes limits each AlgorithmIdentifier of a certificate: those of
	// its signature and of its key.
	MaxAlgorithmBytes = 128
	// MaxExtensionIDBytes limits the object identifier of an extension, in DER
	// without tag and length.
	MaxExtensionIDBytes = 16
)

// The defaults that issuers and verifiers share. They must agree: a verifier
// refuses what an issuer with a wider limit signs.
const (
	// DefaultLeeway is how far in the future a window may begin, to allow for
	// clock skew. It never extends the end of a window. Wherever a leeway can
	// be configured, 0 means this default.
	DefaultLeeway = time.Minute
	// NoLeeway disables leeway wherever one can be configured.
	NoLeeway time.Duration = -1
	// MaxLeeway is the largest leeway that can be configured: a leeway is for
	// clocks that are not set exactly, not for one that is wrong.
	MaxLeeway = 10 * time.Minute
	// DefaultMaxStapleAge limits the time since thisUpdate, regardless of
	// nextUpdate.
	DefaultMaxStapleAge = time.Hour
	// DefaultMaxLifetime limits exp - iat.
	DefaultMaxLifetime = time.Hour
)
