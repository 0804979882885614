// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import "github.com/stapledjwt/stapled/internal/ocspwire"

// CRLReason says why a certificate was revoked (RFC 5280 §5.3.1). The zero
// value is unspecified.
type CRLReason int

// String returns the name of the reason in RFC 5280.
func (r CRLReason) String() string { return ocspwire.CRLReason(r).String() }

// IsFinal reports whether a CA never takes back a revocation for this reason:
// true for every reason but certificateHold and removeFromCRL.
func (r CRLReason) IsFinal() bool { return ocspwire.CRLReason(r).IsFinal() }
