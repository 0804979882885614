// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"errors"
	"testing"

	"golang.org/x/crypto/ocsp"
)

// FuzzRequest: whatever comes in, an OCSP response goes out, and it is good
// only for the one serial that the source calls good.
func FuzzRequest(f *testing.F) {
	ca := newTestCA(f, "CA", newP256(f))
	r := newResponder(f, ca, knownSource)
	seeds := [][]byte{nil, ocsp.TryLaterErrorResponse, ask(f, ca.cert, goodSerial, crypto.SHA1)}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		seeds = append(seeds, ask(f, ca.cert, unknownSerial, hash), ask(f, ca.cert, revokedSerial, hash))
	}
	list := seq(seq(seq(seq(oid(1, 3, 14, 3, 2, 26), null()), octets(make([]byte, 20)), octets(make([]byte, 20)), bigInteger(goodSerial))))
	seeds = append(seeds,
		der(seq(seq(in(tag0, integer(0)), in(tag1, null()), list, in(tag2, seq(extension(nonceOID, false, "n")))))),
		der(seq(seq(list), in(tag0, seq()))))
	// The corpus depends on keys made above; an empty one would prove nothing.
	if len(seeds) < 10 {
		f.Fatalf("the seed corpus has %d entries", len(seeds))
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, req []byte) {
		out := r.Respond(t.Context(), req)
		resp, err := ocsp.ParseResponse(out, ca.cert)
		var re ocsp.ResponseError
		if errors.As(err, &re) {
			if re.Status != ocsp.Malformed && re.Status != ocsp.Unauthorized {
				t.Fatalf("status %s for %x", re.Status, req)
			}
			return
		}
		if err != nil {
			t.Fatalf("unreadable response %x to %x: %v", out, req, err)
		}
		if resp.Status == ocsp.Good && resp.SerialNumber.Cmp(goodSerial) != 0 {
			t.Fatalf("good for serial %s, which the source does not know", resp.SerialNumber)
		}
	})
}
