// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import "github.com/stapledjwt/stapled"

// Reason and Error are those of package stapled.
type (
	Reason = stapled.Reason
	Error  = stapled.Error
)

// The reasons why a staple does not prove that its certificate is good.
const (
	Malformed          = stapled.StapleMalformed
	Mismatch           = stapled.StapleMismatch
	Untrusted          = stapled.StapleUntrusted
	NotYetValid        = stapled.StapleNotYetValid
	Stale              = stapled.StapleStale
	StatusUnknown      = stapled.StapleUnknown
	CertificateRevoked = stapled.CertificateRevoked
)
