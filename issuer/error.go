// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled"
)

// Reason and Error are those of package stapled.
type (
	Reason = stapled.Reason
	Error  = stapled.Error
)

// The reasons why a token is not signed.
const (
	ConfigInvalid          = stapled.ConfigInvalid
	SigningFailed          = stapled.SigningFailed
	Canceled               = stapled.Canceled
	ChainInvalid           = stapled.ChainInvalid
	KeyMismatch            = stapled.KeyMismatch
	KeyUsage               = stapled.KeyUsage
	IssuerMismatch         = stapled.IssuerMismatch
	CertificateExpired     = stapled.CertificateExpired
	CertificateNotYetValid = stapled.CertificateNotYetValid
	StapleMissing          = stapled.StapleMissing
	StapleMalformed        = stapled.StapleMalformed
	StapleMismatch         = stapled.StapleMismatch
	StapleUntrusted        = stapled.StapleUntrusted
	StapleNotYetValid      = stapled.StapleNotYetValid
	StapleStale            = stapled.StapleStale
	StapleUnknown          = stapled.StapleUnknown
	CertificateRevoked     = stapled.CertificateRevoked
	ClaimsInvalid          = stapled.ClaimsInvalid
	TooLarge               = stapled.TooLarge
)

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// refuseStaple gives the error of a staple or of its source a reason of this
// package. A source has error types of its own: what they wrap decides.
func refuseStaple(err error) *Error {
	for _, reason := range []Reason{
		CertificateRevoked, StapleUnknown, StapleStale, StapleNotYetValid,
		StapleMismatch, StapleUntrusted, StapleMalformed,
	} {
		if errors.Is(err, reason) {
			return &Error{Reason: reason, Err: err}
		}
	}
	return &Error{Reason: StapleMissing, Err: err}
}
