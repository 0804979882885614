// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import "fmt"

// CRLReason is why a certificate was revoked (RFC 5280 §5.3.1). The zero value
// is unspecified.
type CRLReason int

// The reasons that the packages of this module name.
const (
	Unspecified     CRLReason = 0
	CertificateHold CRLReason = 6
	RemoveFromCRL   CRLReason = 8
)

// crlReasonNames are the names in RFC 5280; number 7 is not used.
var crlReasonNames = [...]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

// String returns the name of the reason in RFC 5280.
func (r CRLReason) String() string {
	if !r.Valid() {
		return fmt.Sprintf("CRLReason %d", int(r))
	}
	return crlReasonNames[r]
}

// Valid reports whether RFC 5280 defines the reason.
func (r CRLReason) Valid() bool {
	return r >= 0 && int(r) < len(crlReasonNames) && crlReasonNames[r] != ""
}

// IsFinal reports whether a CA never takes back a revocation for this reason.
// It may lift a hold; removeFromCRL says that it has (RFC 5280 §5.3.1).
func (r CRLReason) IsFinal() bool { return r != CertificateHold && r != RemoveFromCRL }
