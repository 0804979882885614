// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/vectors"
	"github.com/stapledjwt/stapled/ocspstaple"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// FuzzStaple authenticates arbitrary responses about one leaf. Nothing panics,
// every error is as documented, the size of the input limits memory, and
// golang.org/x/crypto/ocsp reads every accepted response in the same way.
//
// A fuzzer cannot guess signatures and digests. So the test tries the input as
// it is, as the ResponseData that the issuer signs, and as what follows the
// leaf's CertID in it.
func FuzzStaple(f *testing.F) {
	// The serial number is the same in every process, and so are the keys, so
	// that one fuzzer can use another's findings.
	leaf := testca.New().Leaf(func(t *testca.Template) { t.SerialNumber = big.NewInt(2) })
	seeds := 0
	add := func(der []byte) {
		if len(der) > 1<<13 {
			return
		}
		for _, layer := range append(layers(der), der) {
			f.Add(layer)
			seeds++
		}
	}
	add(leaf.Staple())
	for _, row := range forgeries() {
		forged := newAttempt()
		row.forge(forged)
		add(forged.der)
	}
	if vectors.Available() {
		for _, file := range []string{"ocsp-boringssl.json", "ocsp-mozpkix.json"} {
			suite := vectors.Load[struct {
				Response vectors.DER `json:"ocsp_response"`
			}](f, file)
			for _, c := range suite.Cases {
				add(c.Response)
			}
			for _, seed := range suite.Fuzz {
				add(seed.Data)
			}
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		check(t, leaf, input)
		check(t, leaf, leaf.Staple(func(r *testca.Response) { r.Around["ResponseData"] = instead(input...) }))
		check(t, leaf, leaf.Staple(func(r *testca.Response) {
			r.Inside["SingleResponse"] = func(content []byte) []byte {
				id, _ := element(content)
				return slices.Concat(id, input)
			}
		}))
	})
}

// element splits the first element from the rest.
func element(der []byte) (first, rest []byte) {
	input, out := cryptobyte.String(der), cryptobyte.String(nil)
	if !input.ReadAnyASN1Element(&out, new(cbasn1.Tag)) {
		return nil, der
	}
	return out, input
}

// layers returns the ResponseData of a response, and what follows the CertID in
// its first SingleResponse.
func layers(der []byte) [][]byte {
	data, _, _, ok := basic(der)
	if !ok {
		return nil
	}
	content := cryptobyte.String(data)
	var responses, single cryptobyte.String
	if !content.ReadASN1(&content, cbasn1.SEQUENCE) ||
		!content.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!content.ReadAnyASN1(new(cryptobyte.String), new(cbasn1.Tag)) || !content.SkipASN1(cbasn1.GeneralizedTime) ||
		!content.ReadASN1(&responses, cbasn1.SEQUENCE) || !responses.ReadASN1(&single, cbasn1.SEQUENCE) {
		return [][]byte{data}
	}
	_, rest := element(single)
	return [][]byte{data, rest}
}

// basic returns the three elements of a BasicOCSPResponse before the
// certificates.
func basic(der []byte) (data, algorithm, signature []byte, ok bool) {
	body := cryptobyte.String(der)
	ok = body.ReadASN1(&body, cbasn1.SEQUENCE) && body.SkipASN1(cbasn1.ENUM) &&
		body.ReadASN1(&body, cbasn1.Tag(0).ContextSpecific().Constructed()) && body.ReadASN1(&body, cbasn1.SEQUENCE) &&
		body.SkipASN1(cbasn1.OBJECT_IDENTIFIER) && body.ReadASN1(&body, cbasn1.OCTET_STRING) && body.ReadASN1(&body, cbasn1.SEQUENCE)
	data, rest := element(body)
	algorithm, rest = element(rest)
	signature, _ = element(rest)
	return data, algorithm, signature, ok
}

func check(t *testing.T, leaf *testca.Party, der []byte) {
	var s *ocspstaple.Staple
	var err error
	// Embedded certificates are parsed, and a verification allocates too.
	bounds.Hold(t, 32<<10+64*uint64(len(der)), func() {
		s, err = ocspstaple.Authenticate(der, leaf.Cert, leaf.Issuer.Cert, testca.Now, 0)
	})
	if err != nil {
		if s != nil {
			t.Fatal("a staple beside an error")
		}
		checkError(t, err, stapled.StapleMalformed, stapled.StapleMismatch, stapled.StapleUntrusted)
		return
	}
	sameAsOthers(t, s, leaf.Cert)
	if err := s.Check(testca.Now, ocspstaple.Freshness{MaxAge: math.MaxInt64, Leeway: stapled.NoLeeway}); err != nil {
		checkError(t, err, stapled.StapleNotYetValid, stapled.StapleStale, stapled.StapleUnknown, stapled.CertificateRevoked)
	} else if s.Status() != ocspstaple.Good || testca.Now.After(s.NextUpdate()) || testca.Now.Before(s.ThisUpdate()) {
		t.Fatalf("%+v is fresh", s)
	}
}

// sameAsOthers compares an authentic staple with what x/crypto/ocsp reads. That
// library takes the first embedded certificate for the signer's, so it gets the
// response without embedded certificates; they are not signed.
func sameAsOthers(t *testing.T, s *ocspstaple.Staple, subject *x509.Certificate) {
	t.Helper()
	data, algorithm, signature, ok := basic(s.DER())
	if !ok {
		t.Fatal("accepted, but it is no BasicOCSPResponse")
	}
	bare := testca.New().Leaf().Staple(func(r *testca.Response) {
		r.Inside["BasicOCSPResponse"] = instead(slices.Concat(data, algorithm, signature)...)
	})
	other, err := ocsp.ParseResponse(bare, nil)
	if err != nil {
		t.Fatalf("accepted, but x/crypto/ocsp says: %v", err)
	}
	status := map[int]ocspstaple.Status{ocsp.Good: ocspstaple.Good, ocsp.Revoked: ocspstaple.Revoked}[other.Status]
	if s.Status() != status || other.SerialNumber.Cmp(subject.SerialNumber) != 0 ||
		!s.ThisUpdate().Equal(other.ThisUpdate) || !s.NextUpdate().Equal(other.NextUpdate) || !s.ProducedAt().Equal(other.ProducedAt) ||
		!s.RevokedAt().Equal(other.RevokedAt) || int(s.RevocationReason()) != other.RevocationReason {
		t.Fatalf("%+v, but x/crypto/ocsp has %+v", s, other)
	}
}
