// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// Edits of the response that an attempt is.

// single edits the one SingleResponse.
func single(edit func(*testca.Single)) func(*attempt) {
	return response(func(r *testca.Response) { edit(&r.Singles[0]) })
}

// around edits an element as a whole.
func around(name string, edit func([]byte) []byte) func(*attempt) {
	return response(func(r *testca.Response) { r.Around[name] = edit })
}

func instead(der ...byte) func([]byte) []byte { return func([]byte) []byte { return der } }

// everything has every optional element.
func everything(r *testca.Response) {
	note := []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Value: []byte("note")}}
	r.Extensions, r.Singles[0].Extensions = note, note
}

// extension has an extension of this content.
func extension(content ...byte) func(*attempt) {
	return func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Extensions = []testca.Extension{{ID: []int{2, 5, 29, 99}}}
			r.Inside["Extension"] = instead(content...)
		})
	}
}

// certificates has an edited list of embedded certificates.
func certificates(edit func([]byte) []byte) func(*attempt) {
	return func(a *attempt) {
		a.staple(testca.SignedBy(a.ca, a.ca.Cert), func(r *testca.Response) { r.Inside["certs"] = edit })
	}
}

// producedBefore has a producedAt so long before thisUpdate.
func producedBefore(early time.Duration) func(*attempt) {
	return response(func(r *testca.Response) { r.ProducedAt = r.Singles[0].ThisUpdate.Add(-early) })
}

// junk is in the place of a certificate, and none.
var junk = &x509.Certificate{Raw: []byte{0x30, 0}}

// pss is signed with RSASSA-PSS, and has its AlgorithmIdentifier edited.
func pss(edit func([]byte) []byte) func(*attempt) {
	return func(a *attempt) {
		a.under(testca.RSA2048)
		a.staple(func(r *testca.Response) {
			r.Algorithm = x509.SHA256WithRSAPSS
			r.Inside["signatureAlgorithm"] = edit
		})
	}
}
