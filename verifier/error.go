// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Reason and Error are those of package stapled.
type (
	Reason = stapled.Reason
	Error  = stapled.Error
)

// The reasons for which a token is rejected.
const (
	TooLarge               = stapled.TooLarge
	Malformed              = stapled.Malformed
	TypeRejected           = stapled.TypeRejected
	AlgorithmRejected      = stapled.AlgorithmRejected
	HeaderForbidden        = stapled.HeaderForbidden
	ChainInvalid           = stapled.ChainInvalid
	KeyMismatch            = stapled.KeyMismatch
	ChainUntrusted         = stapled.ChainUntrusted
	CertificateExpired     = stapled.CertificateExpired
	CertificateNotYetValid = stapled.CertificateNotYetValid
	KeyUsage               = stapled.KeyUsage
	SignatureInvalid       = stapled.SignatureInvalid
	StapleMissing          = stapled.StapleMissing
	StapleMalformed        = stapled.StapleMalformed
	StapleMismatch         = stapled.StapleMismatch
	StapleUntrusted        = stapled.StapleUntrusted
	StapleUnknown          = stapled.StapleUnknown
	CertificateRevoked     = stapled.CertificateRevoked
	StapleNotYetValid      = stapled.StapleNotYetValid
	StapleStale            = stapled.StapleStale
	ClaimsInvalid          = stapled.ClaimsInvalid
	IssuerMismatch         = stapled.IssuerMismatch
	AudienceMismatch       = stapled.AudienceMismatch
	TokenExpired           = stapled.TokenExpired
	TokenNotYetValid       = stapled.TokenNotYetValid
)

// Reasons lists every reason, in the order of the steps.
func Reasons() []Reason { return stapled.Reasons() }

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
