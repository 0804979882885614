// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// since makes a response say what was known this long ago.
func since(ago time.Duration, status testca.CertStatus) func(*testca.Response) {
	return func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(-ago)
		r.Singles[0].ThisUpdate = r.ProducedAt
		r.Singles[0].NextUpdate = testca.Now.Add(time.Hour)
		r.Singles[0].Status = status
	}
}

// tokenWith returns a token of a party with this staple.
func tokenWith(p *testca.Party, edit func(*testca.Response)) string {
	return testca.NewToken(p, p.Staple(edit)).Compact()
}

// The number of remembered revocations is bounded, and those that no longer
// matter are forgotten first.
func TestRevocationsAreBounded(t *testing.T) {
	w := theWorld()
	authentic := func(ago time.Duration, status testca.CertStatus) provenStaple {
		s, err := ocspstaple.Authenticate(w.leaf.Staple(since(ago, status)), w.leaf.Cert, w.intermediate.Cert, testca.Now, 0)
		if err != nil {
			t.Fatal(err)
		}
		return provenStaple{staple: s}
	}
	numbered := func(s provenStaple, n int) provenStaple {
		binary.BigEndian.PutUint32(s.cert[:], uint32(n))
		return s
	}
	maxAge := ocspstaple.Freshness{MaxAge: time.Hour}
	late, early := authentic(time.Minute, testca.Revoked), authentic(2*time.Minute, testca.Revoked)
	good := authentic(10*time.Minute, testca.Good)

	var r revocations
	r.add(numbered(early, 0), testca.Now, maxAge)
	for n := 1; n < maxRevocations; n++ {
		r.add(numbered(late, n), testca.Now, maxAge)
	}
	if len(r.seen) != maxRevocations || !r.cover(numbered(good, 0)) {
		t.Fatalf("%d remembered", len(r.seen))
	}
	r.add(numbered(late, maxRevocations), testca.Now, maxAge)
	if len(r.seen) != maxRevocations {
		t.Errorf("%d remembered, want %d", len(r.seen), maxRevocations)
	}
	if r.cover(numbered(good, 0)) {
		t.Error("the one that loses its use first is remembered")
	}
	for _, n := range []int{1, maxRevocations - 1, maxRevocations} {
		if !r.cover(numbered(good, n)) {
			t.Errorf("number %d is forgotten", n)
		}
	}
	// If none matters any longer, all go.
	after := testca.Now.Add(59*time.Minute + time.Second)
	r.add(numbered(authentic(0, testca.Revoked), maxRevocations+1), after, maxAge)
	if len(r.seen) != 1 || int(r.count.Load()) != 1 {
		t.Errorf("%d remembered, %d counted, want 1", len(r.seen), r.count.Load())
	}
	// A revocation that no longer matters when it is seen is not stored.
	r.add(numbered(late, maxRevocations+2), after, maxAge)
	if len(r.seen) != 1 {
		t.Errorf("%d remembered, want 1", len(r.seen))
	}
}
