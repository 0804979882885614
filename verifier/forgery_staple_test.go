// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// staple is a forgery whose staple of the leaf is edited.
func staple(row, name string, want stapled.Reason, edit func(w *world, r *testca.Response)) forgery {
	return forgery{row: row, name: name, want: want, edit: func(w *world, t *testca.Token) {
		t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(func(r *testca.Response) { edit(w, r) })))
	}}
}

// delegated is a forgery whose staple is signed, and accompanied, by a delegate.
func delegated(row, name string, of func(w *world) *testca.Party) forgery {
	return staple(row, name, stapled.StapleUntrusted, func(w *world, r *testca.Response) {
		delegate := of(w)
		testca.SignedBy(delegate, delegate.Cert)(r)
	})
}

// ocspIs is a forgery with these values of ocsp.
func ocspIs(row, name string, want stapled.Reason, of func(w *world) []string) forgery {
	return forgery{row: row, name: name, want: want, edit: func(w *world, t *testca.Token) { t.Header.Set("ocsp", of(w)) }}
}

func single(change func(s *testca.Single)) func(*world, *testca.Response) {
	return func(_ *world, r *testca.Response) { change(&r.Singles[0]) }
}

func trailing(der []byte) []byte { return append(bytes.Clone(der), 5, 0) }

// stapleForgeries are S1 to S31 of which package ocspstaple tests every
// variant; here they show that the reason comes through.
var stapleForgeries = append([]forgery{
	staple("S01", "signed by the leaf", stapled.StapleUntrusted, func(w *world, r *testca.Response) { testca.SignedBy(w.leaf, w.leaf.Cert)(r) }),
	staple("S02", "signed by the leaf in the issuer's name", stapled.StapleUntrusted, func(w *world, r *testca.Response) {
		testca.SignedBy(w.leaf, w.leaf.Cert)(r)
		r.ResponderID = testca.ByName(w.intermediate.Cert)
	}),
	staple("S02", "signed by the leaf under the issuer's key hash", stapled.StapleUntrusted, func(w *world, r *testca.Response) {
		testca.SignedBy(w.leaf, w.leaf.Cert)(r)
		r.ResponderID = testca.ByKey(w.intermediate.Cert)
	}),
	staple("S02", "signed by the leaf, embedding the issuer", stapled.StapleUntrusted, func(w *world, r *testca.Response) {
		testca.SignedBy(w.leaf, w.intermediate.Cert, w.leaf.Cert)(r)
		r.ResponderID = testca.ByName(w.intermediate.Cert)
	}),
	delegated("S03", "signed by another leaf", func(w *world) *testca.Party { return w.other }),
	delegated("S04", "delegate of a sibling CA", func(w *world) *testca.Party { return w.sibling.Delegate() }),
	delegated("S04", "delegate of the root", func(w *world) *testca.Party { return w.root.Delegate() }),
	delegated("S05", "delegate of the right name by another key", func(w *world) *testca.Party {
		return w.intermediate.Delegate(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "attacker") })
	}),
	delegated("S06", "self-signed delegate", func(*world) *testca.Party {
		return testca.New(testca.Named("Responder"), usages(x509.ExtKeyUsageOCSPSigning), extended(testca.NoCheck), func(t *testca.Template) {
			t.IsCA, t.KeyUsage = false, x509.KeyUsageDigitalSignature
		})
	}),
	delegated("S07", "delegate expired", func(w *world) *testca.Party { return w.intermediate.Delegate(expired) }),
	delegated("S07", "delegate not yet valid", func(w *world) *testca.Party { return w.intermediate.Delegate(notYetValid) }),
	delegated("S08", "delegate is a CA", func(w *world) *testca.Party {
		return w.intermediate.Delegate(func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true })
	}),
	delegated("S08", "delegate without digitalSignature", func(w *world) *testca.Party {
		return w.intermediate.Delegate(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyAgreement })
	}),
	delegated("S08", "delegate for any extended key usage", func(w *world) *testca.Party {
		return w.intermediate.Delegate(usages(x509.ExtKeyUsageAny))
	}),
	delegated("S09", "delegate without ocsp-nocheck", func(w *world) *testca.Party {
		return w.intermediate.Delegate(func(t *testca.Template) { t.ExtraExtensions = nil })
	}),
	delegated("S10", "delegate of a delegate", func(w *world) *testca.Party { return w.intermediate.Delegate().Delegate(testca.Named("Second")) }),
	staple("S11", "name hash of another CA", stapled.StapleMismatch, func(w *world, r *testca.Response) {
		r.Singles[0].NameHash = testca.NewSingle(w.leaf.Cert, w.sibling.Cert, crypto.SHA256).NameHash
	}),
	staple("S11", "key hash of another CA", stapled.StapleMismatch, func(w *world, r *testca.Response) {
		r.Singles[0].KeyHash = testca.NewSingle(w.leaf.Cert, w.sibling.Cert, crypto.SHA256).KeyHash
	}),
	staple("S11", "another CA's certificate of the same serial", stapled.StapleMismatch, func(w *world, r *testca.Response) {
		r.Singles[0] = testca.NewSingle(w.leaf.Cert, w.sibling.Cert, crypto.SHA256)
	}),
	staple("S12", "another serial", stapled.StapleMismatch, func(w *world, r *testca.Response) { r.Singles[0].Serial = w.other.Cert.SerialNumber }),
	staple("S13", "good of another, revoked of ours", stapled.StapleMalformed, func(w *world, r *testca.Response) {
		r.Singles[0].Status = testca.Revoked
		r.Singles = append([]testca.Single{testca.NewSingle(w.other.Cert, w.intermediate.Cert, crypto.SHA256)}, r.Singles...)
	}),
	staple("S13", "good and revoked", stapled.StapleMalformed, second(testca.Revoked)),
	staple("S13", "good and unknown", stapled.StapleMalformed, second(testca.Unknown)),
	staple("S14", "no SingleResponse", stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Singles = nil }),
	staple("S15", "ResponderID names another", stapled.StapleUntrusted, func(w *world, r *testca.Response) { r.ResponderID = testca.ByName(w.root.Cert) }),
	staple("S15", "ResponderID has another's key", stapled.StapleUntrusted, func(w *world, r *testca.Response) { r.ResponderID = testca.ByKey(w.sibling.Cert) }),
	staple("S16", "nextUpdate absent", stapled.StapleMalformed, single(func(s *testca.Single) { s.NextUpdate = time.Time{} })),
	staple("S16", "nextUpdate before thisUpdate", stapled.StapleMalformed, single(func(s *testca.Single) { s.NextUpdate = s.ThisUpdate.Add(-time.Second) })),
	staple("S17", "nextUpdate passed by one second", stapled.StapleStale, single(func(s *testca.Single) { s.NextUpdate = testca.Now.Add(-time.Second) })),
	staple("S18", "thisUpdate beyond the leeway", stapled.StapleNotYetValid, func(_ *world, r *testca.Response) {
		r.Singles[0].ThisUpdate = testca.Now.Add(61 * time.Second)
		r.ProducedAt = r.Singles[0].ThisUpdate
	}),
	staple("S19", "older than MaxStapleAge", stapled.StapleStale, single(func(s *testca.Single) { s.ThisUpdate = testca.Now.Add(-time.Hour - time.Second) })),
	staple("S18", "thisUpdate beyond the leeway, producedAt 59 seconds before it", stapled.StapleNotYetValid, func(_ *world, r *testca.Response) {
		r.Singles[0].ThisUpdate = testca.Now.Add(61 * time.Second)
		r.ProducedAt = testca.Now.Add(2 * time.Second)
	}),
	staple("S20", "producedAt 60 seconds before thisUpdate", stapled.StapleMalformed, func(_ *world, r *testca.Response) {
		r.ProducedAt = r.Singles[0].ThisUpdate.Add(-time.Minute)
	}),
	staple("S20", "producedAt beyond the leeway", stapled.StapleNotYetValid, func(_ *world, r *testca.Response) { r.ProducedAt = testca.Now.Add(61 * time.Second) }),
	staple("S21", "signed with SHA-1", stapled.StapleUntrusted, func(_ *world, r *testca.Response) { r.Algorithm = x509.ECDSAWithSHA1 }),
	delegated("S21", "delegate signed with SHA-1", func(w *world) *testca.Party { return w.intermediate.Delegate(signedWith(x509.ECDSAWithSHA1)) }),
	delegated("S21", "delegate RSA 1024", func(w *world) *testca.Party { return w.intermediate.Delegate(testca.Keyed(testca.RSA1024)) }),
	staple("S22", "critical extension of the single response", stapled.StapleMalformed, single(func(s *testca.Single) { s.Extensions = criticalExtension })),
	staple("S22", "critical extension of the response", stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Extensions = criticalExtension }),
	staple("S23", "version 2", stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Version = 1 }),
	staple("S23", "unknown response type", stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Type = []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2} }),
	staple("S25", "unknown", stapled.StapleUnknown, single(func(s *testca.Single) { s.Status = testca.Unknown })),
	staple("S26", "revoked without a reason", stapled.CertificateRevoked, single(func(s *testca.Single) { s.Status = testca.Revoked })),
	staple("S26", "revoked in the future", stapled.CertificateRevoked, single(func(s *testca.Single) {
		s.Status, s.RevokedAt = testca.Revoked, testca.Now.Add(24*time.Hour)
	})),
	ocspIs("S28", "empty", stapled.StapleMalformed, func(*world) []string { return []string{""} }),
	ocspIs("S28", "null in a string", stapled.StapleMalformed, func(*world) []string { return []string{"null"} }),
	ocspIs("S28", "base64url", stapled.StapleMalformed, func(w *world) []string {
		for {
			der := w.leaf.Staple()
			if s := base64.URLEncoding.EncodeToString(der); strings.ContainsAny(s, "-_") {
				return []string{s}
			}
		}
	}),
	ocspIs("S28", "line breaks", stapled.StapleMalformed, func(w *world) []string {
		s := encodeStaples(w.leaf.Staple())[0]
		return []string{s[:64] + "\r\n" + s[64:]}
	}),
	ocspIs("S28", "1 MiB of zeros", stapled.TooLarge, func(*world) []string { return encodeStaples(make([]byte, 1<<20)) }),
	ocspIs("S28", "more than 8 KiB of zeros", stapled.TooLarge, func(*world) []string { return encodeStaples(make([]byte, 8<<10+1)) }),
	ocspIs("S28", "more than 8 KiB in two", stapled.TooLarge, func(*world) []string { return encodeStaples(make([]byte, 4<<10), make([]byte, 4<<10+1)) }),
	ocspIs("S28", "zeros", stapled.StapleMalformed, func(*world) []string { return encodeStaples(make([]byte, 4<<10)) }),
	ocspIs("S29", "exchanged", stapled.StapleMismatch, func(w *world) []string { return encodeStaples(w.intermediate.Staple(), w.leaf.Staple()) }),
	ocspIs("S29", "of the intermediate for the leaf", stapled.StapleMismatch, func(w *world) []string { return encodeStaples(w.intermediate.Staple()) }),
	ocspIs("S29", "of the leaf for the intermediate", stapled.StapleMismatch, func(w *world) []string { return encodeStaples(w.leaf.Staple(), w.leaf.Staple()) }),
	ocspIs("S29", "of another leaf", stapled.StapleMismatch, func(w *world) []string { return encodeStaples(w.other.Staple()) }),
	ocspIs("S30", "more staples than certificates", stapled.StapleMalformed, func(w *world) []string {
		return encodeStaples(w.leaf.Staple(), w.intermediate.Staple(), w.intermediate.Staple())
	}),
	ocspIs("S30", "many", stapled.TooLarge, func(*world) []string { return strings.Split(strings.Repeat("MAA= ", 7)[:34], " ") }),
	ocspIs("S31", "of the previous certificate", stapled.StapleMismatch, func(w *world) []string { return encodeStaples(w.intermediate.Leaf().Staple()) }),
	staple("S33", "junk before the delegate", stapled.StapleMalformed, func(w *world, r *testca.Response) {
		delegate := w.intermediate.Delegate()
		testca.SignedBy(delegate, junk, delegate.Cert)(r)
	}),
	staple("S33", "junk behind the delegate", stapled.StapleMalformed, func(w *world, r *testca.Response) {
		delegate := w.intermediate.Delegate()
		testca.SignedBy(delegate, delegate.Cert, junk)(r)
	}),
	staple("S33", "junk where the issuer signed", stapled.StapleMalformed, func(_ *world, r *testca.Response) {
		r.Certificates = []*x509.Certificate{junk}
	}),
	ocspIs("S26", "intermediate revoked", stapled.CertificateRevoked, func(w *world) []string {
		return encodeStaples(w.leaf.Staple(), w.intermediate.Staple(func(r *testca.Response) { r.Singles[0].Status = testca.Revoked }))
	}),
	ocspIs("S17", "of the intermediate", stapled.StapleStale, func(w *world) []string {
		return encodeStaples(w.leaf.Staple(), w.intermediate.Staple(func(r *testca.Response) {
			r.Singles[0].NextUpdate = testca.Now.Add(-time.Second)
		}))
	}),
}, manyStaples()...)

// junk is in the place of a certificate, and none.
var junk = &x509.Certificate{Raw: []byte{0x30, 0}}

var criticalExtension = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 55555, 3}, Critical: true, Value: []byte{5, 0}}}

func second(status testca.CertStatus) func(*world, *testca.Response) {
	return func(_ *world, r *testca.Response) {
		again := r.Singles[0]
		again.Status = status
		r.Singles = append(r.Singles, again)
	}
}

// manyStaples are S23, S24, S26 and S27, whose variants are counted out.
func manyStaples() []forgery {
	var rows []forgery
	for _, name := range []string{"OCSPResponse", "responseBytes", "ResponseBytes", "response", "BasicOCSPResponse", "ResponseData", "responses", "SingleResponse", "CertID"} {
		rows = append(rows, staple("S23", "trailing bytes in "+name, stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Inside[name] = trailing }))
	}
	rows = append(rows, staple("S23", "trailing bytes", stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Around["OCSPResponse"] = trailing }))
	for status, name := range map[int]string{1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"} {
		rows = append(rows, staple("S24", name, stapled.StapleMalformed, func(_ *world, r *testca.Response) { r.Status = status }))
	}
	for _, reason := range []int{0, 1, 2, 3, 4, 5, 6, 8, 9, 10} {
		rows = append(rows, staple("S26", fmt.Sprintf("revoked for reason %d", reason), stapled.CertificateRevoked, single(func(s *testca.Single) {
			s.Status, s.Reason = testca.Revoked, reason
		})))
	}
	// One bit at every sixteenth byte of the signature, which a P-256 key makes
	// of 70 bytes or more, and one in what is signed.
	for back := 1; back < 60; back += 16 {
		rows = append(rows, ocspIs("S27", fmt.Sprintf("flipped bit %d bytes before the end", back), stapled.StapleUntrusted, func(w *world) []string {
			der := w.leaf.Staple()
			der[len(der)-back] ^= 1
			return encodeStaples(der)
		}))
	}
	return append(rows, ocspIs("S27", "flipped bit in the serial number", stapled.StapleMismatch, func(w *world) []string {
		der := w.leaf.Staple()
		der[bytes.Index(der, w.leaf.Cert.SerialNumber.Bytes())] ^= 1
		return encodeStaples(der)
	}))
}
