// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
)

// FuzzList: a list that is accepted has a signature that the standard library
// accepts; and whatever the signature, the reader and the standard library agree
// about a list that both can read. Memory is bounded.
func FuzzList(f *testing.F) {
	ca := testca.New()
	l := listOf(7, 1, 5, 3)
	l.RevokedCertificateEntries[1].ReasonCode = 6
	hundred := largeList(f, ca, 100)
	forged := forge(ca)
	forged.entries = append(forged.entries, entryDER("\x06", reasonIs(4), extension(idInvalidityDate, false, "\x18\x0f20260301000000Z")), entryDER("\x04"))
	forged.extensions = append(forged.extensions, distributionPoint(true))
	seeds := [][]byte{nil, sign(f, ca, l), hundred, forged.der(f), forge(ca).der(f)}
	if vectors.Available() {
		for _, c := range vectors.Load[limboCase](f, "x509-limbo.json").Cases {
			for _, text := range c.CRLs {
				if der, err := decode([]byte(text)); err == nil {
					seeds = append(seeds, der)
				}
			}
		}
	}
	accepted := 0
	for _, seed := range seeds {
		f.Add(seed)
		if _, err := parse(seed, ca.Cert); err == nil {
			accepted++
		}
	}
	if accepted < 4 {
		f.Fatalf("%d seeds are accepted", accepted)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		theirs, theirErr := x509.ParseRevocationList(der)
		// 1. With the signature.
		if _, err := parse(der, ca.Cert); err == nil {
			if theirErr != nil {
				t.Fatalf("accepted, and the standard library says: %v", theirErr)
			}
			if err := theirs.CheckSignatureFrom(ca.Cert); err != nil {
				t.Fatalf("accepted, and the standard library says: %v", err)
			}
			if !bytes.Equal(theirs.RawIssuer, ca.Cert.RawSubject) {
				t.Fatal("accepted, of another issuer")
			}
		}
		// 2. Without it.
		var ours *list
		bounds.Hold(t, 64<<10+16*uint64(len(der)), func() {
			c, err := split(der)
			if err != nil {
				return
			}
			if ours, err = c.read(); err != nil {
				ours = nil
			}
		})
		if ours != nil && theirErr == nil {
			wantAgreement(t, ours, theirs)
		}
	})
}

// wantAgreement compares a list with the standard library's reading of it.
func wantAgreement(t *testing.T, ours *list, theirs *x509.RevocationList) {
	t.Helper()
	if ours.number.Cmp(theirs.Number) != 0 || !ours.thisUpdate.Equal(theirs.ThisUpdate) || !ours.nextUpdate.Equal(theirs.NextUpdate) {
		t.Fatalf("number %s, %s to %s; want %s, %s to %s", ours.number, ours.thisUpdate, ours.nextUpdate, theirs.Number, theirs.ThisUpdate, theirs.NextUpdate)
	}
	reasons := make(map[string][]x509.RevocationListEntry)
	for _, e := range theirs.RevokedCertificateEntries {
		key := string(e.SerialNumber.Bytes())
		reasons[key] = append(reasons[key], e)
	}
	if len(ours.entries) != len(reasons) {
		t.Fatalf("%d serials, want %d", len(ours.entries), len(reasons))
	}
	for key, same := range reasons {
		s, ok := serialOf(new(big.Int).SetBytes([]byte(key)))
		found, revoked := ours.entries.find(s)
		if !ok || !revoked {
			t.Fatalf("serial %x is not found", key)
		}
		agrees := false
		for _, e := range same {
			reason := e.ReasonCode
			if reason < 0 || reason > 10 || reason == 7 {
				reason = 0
			}
			agrees = agrees || int(found.reason) == reason && found.revokedAt().Equal(e.RevocationTime)
		}
		if !agrees {
			t.Fatalf("serial %x: reason %d at %s, want one of %+v", key, found.reason, found.revokedAt(), same)
		}
	}
}
