// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"testing"

	"github.com/stapledjwt/stapled/ocspstaple"
)

func TestCRLReason(t *testing.T) {
	for reason, want := range map[ocspstaple.CRLReason]string{
		0: "unspecified", 1: "keyCompromise", 6: "certificateHold", 8: "removeFromCRL", 10: "aACompromise",
		-1: "CRLReason -1", 7: "CRLReason 7", 11: "CRLReason 11",
	} {
		if got := reason.String(); got != want {
			t.Errorf("%d is %q, want %q", int(reason), got, want)
		}
	}
}

// A CA may lift a hold, and nothing else.
func TestCRLReasonIsFinal(t *testing.T) {
	for reason := ocspstaple.CRLReason(0); reason <= 10; reason++ {
		if got, want := reason.IsFinal(), reason != 6 && reason != 8; got != want {
			t.Errorf("%s: %t", reason, got)
		}
	}
}
