// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"crypto"
	"errors"
	"testing"

	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
	"golang.org/x/crypto/ocsp"
)

// FuzzRequest: for any input, an OCSP response comes out, in bounded memory. It
// is good only for the one serial that the source calls good, and repeats the
// CertID of the request.
func FuzzRequest(f *testing.F) {
	// The key is the same in every process, so that the workers answer requests
	// for the CA that the seeds name.
	ca := newTestCA(f, "CA", testca.Key(testca.P256, "CA"))
	r := newResponder(f, ca, knownSource)
	seeds := [][]byte{nil, ocsp.TryLaterErrorResponse, ask(f, ca.cert, goodSerial, crypto.SHA1)}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		seeds = append(seeds, ask(f, ca.cert, unknownSerial, hash), ask(f, ca.cert, revokedSerial, hash))
	}
	list := seq(seq(seq(seq(oid(1, 3, 14, 3, 2, 26), null()), octets(make([]byte, 20)), octets(make([]byte, 20)), bigInteger(goodSerial))))
	seeds = append(seeds,
		der(seq(seq(in(tag0, integer(0)), in(tag1, null()), list, in(tag2, seq(extension(nonceOID, false, "n")))))),
		der(seq(seq(list), in(tag0, seq()))))
	if vectors.Available() {
		for _, c := range vectors.Load[requestCase](f, "responder-requests.json").Cases {
			seeds = append(seeds, c.request())
		}
	}
	answered := 0
	for _, seed := range seeds {
		f.Add(seed)
		if _, err := ocsp.ParseResponse(r.Respond(f.Context(), seed), ca.cert); err == nil {
			answered++
		}
	}
	if answered == 0 {
		f.Fatal("no seed is answered")
	}
	f.Fuzz(func(t *testing.T, req []byte) {
		var out []byte
		bounds.Hold(t, 64<<10+16*uint64(len(req)), func() { out = r.Respond(t.Context(), req) })
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
		if asked, err := parseRequest(req); err != nil || !bytes.Contains(out, asked.raw) {
			t.Fatalf("response %x does not repeat the CertID of %x: %v", out, req, err)
		}
	})
}
