// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// FuzzSlim slims arbitrary responses about one leaf. If Authenticate accepts a
// response, Slim accepts it with the same status, times and signer.
// Authenticate accepts what Slim returns, which is never larger. If only Slim
// accepts a response, its result differs only in certificates and lengths.
//
// A fuzzer cannot guess signatures. So the test tries the input as it is, and
// as the list of certificates of a response that the issuer or a delegate
// signed.
func FuzzSlim(f *testing.F) {
	a := newAttempt()
	a.leaf = a.ca.Leaf(func(t *testca.Template) { t.SerialNumber = big.NewInt(2) })
	a.subject = a.leaf.Cert
	seeds := 0
	add := func(der []byte) {
		if len(der) <= 1<<13 {
			f.Add(der)
			seeds++
		}
	}
	add(a.leaf.Staple())
	add(a.leaf.Staple(testca.SignedBy(a.delegate, a.ca.Cert, a.root.Cert, a.delegate.Cert)))
	for _, name := range []string{"OCSPResponse", "responseBytes", "ResponseBytes", "response", "BasicOCSPResponse", "certs"} {
		add(a.leaf.Staple(testca.SignedBy(a.delegate, a.delegate.Cert), func(r *testca.Response) { r.Around[name] = fourByteLength }))
	}
	// Lists of certificates.
	old := a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(time.Minute)))
	for _, list := range [][]*x509.Certificate{
		{}, {a.delegate.Cert}, {old.Cert, a.delegate.Cert}, {a.delegate.Cert, old.Cert}, {junk, a.delegate.Cert, junk},
		{a.ca.Cert, a.root.Cert, a.ca.Cert, a.root.Cert, a.delegate.Cert},
	} {
		add(concatenated(list))
	}
	for _, row := range forgeries() {
		forged := newAttempt()
		row.forge(forged)
		add(forged.der)
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	byIssuer, byDelegate := a.leaf.Staple(), a.leaf.Staple(testca.SignedBy(a.delegate))
	f.Fuzz(func(t *testing.T, input []byte) {
		checkSlim(t, a, input)
		checkSlim(t, a, withList(byIssuer, input))
		checkSlim(t, a, withList(byDelegate, input))
	})
}

// withList gives a response that embeds nothing a list of certificates.
func withList(der, list []byte) []byte {
	data, algorithm, signature, _ := basic(der)
	certs := encoded(cbasn1.Tag(0).ContextSpecific().Constructed(), encoded(cbasn1.SEQUENCE, list))
	content := encoded(cbasn1.SEQUENCE, data, algorithm, signature, certs)
	const successful, basicType = "\x0a\x01\x00", "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
	bytes := encoded(cbasn1.SEQUENCE, []byte(basicType), encoded(cbasn1.OCTET_STRING, content))
	return encoded(cbasn1.SEQUENCE, []byte(successful), encoded(cbasn1.Tag(0).ContextSpecific().Constructed(), bytes))
}

func encoded(tag cbasn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(parts...)) })
	return b.BytesOrPanic()
}

func checkSlim(t *testing.T, a *attempt, der []byte) {
	attempt := *a
	attempt.der = der
	var s *ocspstaple.Staple
	var err error
	// Every certificate is parsed, and there may be many.
	bounds.Hold(t, 64<<10+256*uint64(len(der)), func() {
		s, err = ocspstaple.Slim(der, a.subject, a.issuer, a.now, a.freshness.Leeway)
	})
	if err == nil {
		holdSlim(t, &attempt, s)
		return
	}
	if s != nil {
		t.Fatal("a staple beside an error")
	}
	checkError(t, err, stapled.StapleMalformed, stapled.StapleMismatch, stapled.StapleUntrusted)
	_, other := ocspstaple.Authenticate(slices.Clone(der), a.subject, a.issuer, a.now, a.freshness.Leeway)
	if other == nil {
		t.Fatalf("acceptable, and not slimmed: %v", err)
	}
	// Slim looks further than Authenticate does; otherwise they give the same
	// reason.
	var slim, fat *stapled.Error
	if errors.As(err, &slim) && errors.As(other, &fat) && slim.Reason != fat.Reason && fat.Reason != stapled.StapleMalformed {
		t.Fatalf("Slim says %v, Authenticate %v", err, other)
	}
}

func concatenated(list []*x509.Certificate) (der []byte) {
	for _, c := range list {
		der = append(der, c.Raw...)
	}
	return der
}
