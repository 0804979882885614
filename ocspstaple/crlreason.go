// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import "github.com/stapledjwt/stapled/internal/ocspwire"

// CRLReason is why a certificate was revoked (RFC 5280 §5.3.1). The zero value
// is unspecified.
type CRLReason int

// String names the reason as RFC 5280 does.
func (r CRLReason) String() string { return ocspwire.CRLReason(r).String() }
