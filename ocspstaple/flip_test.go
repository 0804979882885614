// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// S27: flipping any bit of a valid response, dropping or doubling any byte, or
// changing any length makes it invalid. On curves with slow verification, the
// test flips one bit of every byte.
func TestForgeriesByBit(t *testing.T) {
	rows := []struct {
		name string
		slow bool
		make func(*attempt)
	}{
		{"S27_P256", false, func(*attempt) {}},
		{"S27_P256_by_key", false, response(func(r *testca.Response) { r.ResponderID = byKey(r) })},
		{"S27_P256_with_extensions", false, response(everything)},
		{"S27_P384", true, func(a *attempt) { a.under(testca.P384) }},
		{"S27_P521", true, func(a *attempt) { a.under(testca.P521) }},
		{"S27_Ed25519", false, func(a *attempt) { a.under(testca.Ed25519) }},
		{"S27_RSA", false, func(a *attempt) { a.under(testca.RSA2048) }},
		{"S27_RSA_PSS", false, pss(slices.Clone[[]byte])},
		{"S27_delegate", false, func(a *attempt) { a.signedBy(a.delegate) }},
		{"S27_revoked", false, single(func(s *testca.Single) { s.Status, s.Reason = testca.Revoked, 8 })},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.make(a)
			valid := a.der
			if _, err := ocspstaple.Authenticate(valid, a.subject, a.issuer, a.now, a.freshness.Leeway); err != nil {
				t.Fatal(err)
			}
			tried := 0
			refuse := func(what string, at int, der []byte) {
				tried++
				if _, err := ocspstaple.Authenticate(der, a.subject, a.issuer, a.now, a.freshness.Leeway); err == nil {
					t.Errorf("%s at byte %d is accepted: %x", what, at, der)
				} else {
					checkError(t, err, stapled.StapleMalformed, stapled.StapleMismatch, stapled.StapleUntrusted)
				}
			}
			for i := range valid {
				if row.slow {
					der := slices.Clone(valid)
					der[i] ^= 1 << (i % 8)
					refuse("a flipped bit", i, der)
					continue
				}
				for bit := range 8 {
					der := slices.Clone(valid)
					der[i] ^= 1 << bit
					refuse("a flipped bit", i, der)
				}
				refuse("a dropped byte", i, slices.Delete(slices.Clone(valid), i, i+1))
				refuse("a doubled byte", i, slices.Insert(slices.Clone(valid), i, valid[i]))
				refuse("the end", i, valid[:i])
			}
			t.Logf("%d bytes, %d alterations tried", len(valid), tried)
		})
	}
}

// The certificates embedded in a response are not signed. Altering one that is
// not needed, such as the issuer's own, changes nothing as long as it parses.
func TestUnneededCertificateChangesNothing(t *testing.T) {
	a := newAttempt()
	a.signedBy(a.ca)
	content := len(a.der) - len(a.ca.Cert.Raw)
	accepted, refused := 0, 0
	for i := content + 4; i < len(a.der); i++ { // its header excepted: that is the encoding of the list
		der := slices.Clone(a.der)
		der[i] ^= 1
		s, err := ocspstaple.Authenticate(der, a.subject, a.issuer, a.now, a.freshness.Leeway)
		if _, parses := x509.ParseCertificate(der[content:]); parses != nil {
			refused++
			if !errors.Is(err, stapled.StapleMalformed) {
				t.Fatalf("byte %d: %v, and the certificate does not parse: %v", i, err, parses)
			}
			continue
		}
		accepted++
		if err != nil || s.Delegate() != nil || s.Check(a.now, a.freshness) != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("%d accepted, %d refused: this test has lost its object", accepted, refused)
	}
}
