// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"

	"github.com/stapledjwt/stapled"
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

// rejectStaple says which staple an error of package ocspstaple is about.
func rejectStaple(err error, i int) error { return stapled.In(fmt.Sprintf("ocsp[%d]", i), err) }
