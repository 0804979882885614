// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuedby

import (
	"crypto/x509"
	"math/big"
	"testing"
)

func TestVerifiedIsBounded(t *testing.T) {
	t.Parallel()
	v := New(&x509.Certificate{Raw: []byte("a CA")}, 10)
	kept := v.Digest(big.NewInt(0), nil)
	v.Remember(kept)
	for i := range int64(1000) {
		v.Remember(v.Digest(big.NewInt(i+1), nil))
		if !v.Has(kept) {
			t.Fatalf("forgotten after %d others, though it was asked for all the time", i+1)
		}
	}
	if n := v.Len(); n > 20 {
		t.Errorf("%d are remembered, want at most 20", n)
	}
	if v.Has(v.Digest(big.NewInt(1), nil)) {
		t.Error("nothing is forgotten")
	}
	if v.Digest(big.NewInt(1), []byte("23")) == v.Digest(big.NewInt(12), []byte("3")) {
		t.Error("serial and record run together")
	}
	if New(&x509.Certificate{Raw: []byte("another CA")}, 10).Digest(big.NewInt(1), nil) == v.Digest(big.NewInt(1), nil) {
		t.Error("two issuers have one digest")
	}
}
