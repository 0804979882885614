// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Reason is why a token was rejected. The strings are stable: errors, metrics,
// logs and test vectors use them. A Reason is an error, so that
// errors.Is(err, verifier.StapleStale) asks for it.
type Reason string

// The reasons, in the order of the steps that give them.
const (
	// Steps 1 and 2: size, shape and header.
	TooLarge          Reason = "too_large"
	Malformed         Reason = "malformed"
	TypeRejected      Reason = "type_rejected"
	AlgorithmRejected Reason = "algorithm_rejected"
	HeaderForbidden   Reason = "header_forbidden"
	// Step 3: certificates and key.
	ChainInvalid Reason = "chain_invalid"
	KeyMismatch  Reason = "key_mismatch"
	// Step 4: chain.
	ChainUntrusted         Reason = "chain_untrusted"
	CertificateExpired     Reason = "certificate_expired"
	CertificateNotYetValid Reason = "certificate_not_yet_valid"
	KeyUsage               Reason = "key_usage"
	// Step 5: signature.
	SignatureInvalid Reason = "signature_invalid"
	// Step 6: staples.
	StapleMissing      Reason = "staple_missing"
	StapleMalformed    Reason = Reason(ocspstaple.Malformed)
	StapleMismatch     Reason = Reason(ocspstaple.Mismatch)
	StapleUntrusted    Reason = Reason(ocspstaple.Untrusted)
	StapleUnknown      Reason = Reason(ocspstaple.StatusUnknown)
	CertificateRevoked Reason = Reason(ocspstaple.CertificateRevoked)
	StapleNotYetValid  Reason = Reason(ocspstaple.NotYetValid)
	StapleStale        Reason = Reason(ocspstaple.Stale)
	// Step 7: claims.
	ClaimsInvalid    Reason = "claims_invalid"
	IssuerMismatch   Reason = "issuer_mismatch"
	AudienceMismatch Reason = "audience_mismatch"
	TokenExpired     Reason = "token_expired"
	TokenNotYetValid Reason = "token_not_yet_valid"
)

// Reasons lists every reason, in the order of the steps. Some are given by more
// than one step, and listed where they come first.
func Reasons() []Reason {
	return []Reason{
		TooLarge, Malformed, TypeRejected, AlgorithmRejected, HeaderForbidden,
		ChainInvalid, KeyMismatch,
		ChainUntrusted, CertificateExpired, CertificateNotYetValid, KeyUsage, SignatureInvalid,
		StapleMissing, StapleMalformed, StapleMismatch, StapleUntrusted, StapleUnknown,
		CertificateRevoked, StapleNotYetValid, StapleStale,
		ClaimsInvalid, IssuerMismatch, AudienceMismatch, TokenExpired, TokenNotYetValid,
	}
}

// Error is the reason as a string.
func (r Reason) Error() string { return string(r) }

// Error says why a token was rejected. It is the only type of error that
// [Verifier.Verify] returns.
type Error struct {
	Reason Reason
	// Err tells what was compared. It never holds the token, and is meant for
	// the log: the sender of a token learns nothing but that it was rejected.
	Err error
}

// Error gives the reason and what was compared.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, reason) true for the reason of this error.
func (e *Error) Is(target error) bool { return target == e.Reason }

func reject(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// rejectStaple gives an error of package ocspstaple its reason here.
func rejectStaple(err error, i int) *Error {
	var e *ocspstaple.Error
	if !errors.As(err, &e) {
		return reject(StapleMalformed, "ocsp[%d]: %w", i, err)
	}
	return reject(Reason(e.Reason), "ocsp[%d]: %w", i, e.Err)
}

// chainReasons gives the errors of package certs their reasons here.
var chainReasons = []struct {
	err    error
	reason Reason
}{
	{certs.ErrEncoding, Malformed},
	{certs.ErrChain, ChainInvalid},
	{certs.ErrWeakKey, AlgorithmRejected},
	{certs.ErrAlgorithm, AlgorithmRejected},
	{certs.ErrKeyMismatch, KeyMismatch},
	{certs.ErrUntrusted, ChainUntrusted},
	{certs.ErrExpired, CertificateExpired},
	{certs.ErrNotYetValid, CertificateNotYetValid},
	{certs.ErrKeyUsage, KeyUsage},
	{certs.ErrName, IssuerMismatch},
}

func rejectChain(err error) *Error {
	for _, known := range chainReasons {
		if errors.Is(err, known.err) {
			return &Error{Reason: known.reason, Err: err}
		}
	}
	return &Error{Reason: ChainInvalid, Err: err}
}
