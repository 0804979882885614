// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/testca"
)

// TestRequest holds requests to those of golang.org/x/crypto/ocsp, and reads back
// what they ask.
func TestRequest(t *testing.T) {
	leaf := testca.New().Leaf()
	issuer := leaf.Issuer.Cert
	for _, hash := range Hashes() {
		t.Run(hash.String(), func(t *testing.T) {
			got, err := Request(leaf.Cert, issuer, hash)
			if err != nil {
				t.Fatal(err)
			}
			want, err := ocsp.CreateRequest(leaf.Cert, issuer, &ocsp.RequestOptions{Hash: hash})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %x, want %x", got, want)
			}
			certID := cryptobyte.String(got)
			for range 5 {
				if !certID.ReadASN1(&certID, cbasn1.SEQUENCE) {
					t.Fatal("unreadable")
				}
			}
			var id IssuerID
			if !id.Read(&certID) {
				t.Fatal("unreadable")
			}
			key, err := PublicKeyBits(issuer)
			if err != nil {
				t.Fatal(err)
			}
			if HashOf(id.Algorithm) != hash || !IsNullOrAbsent(id.Parameters) ||
				!IsDigest(hash, id.NameHash, issuer.RawSubject) || !IsDigest(hash, id.KeyHash, key) {
				t.Errorf("read %+v", id)
			}
			for _, other := range append(Hashes(), 0) {
				if other != hash && IsDigest(other, id.NameHash, issuer.RawSubject) {
					t.Errorf("its digest counts as one of %s", other)
				}
			}
		})
	}
	for _, hash := range []crypto.Hash{0, crypto.MD5, crypto.SHA224} {
		if der, err := Request(leaf.Cert, issuer, hash); err == nil {
			t.Errorf("%s: made %x", hash, der)
		}
	}
	if der, err := Request(leaf.Cert, &x509.Certificate{}, crypto.SHA256); err == nil {
		t.Errorf("of an issuer without a key: made %x", der)
	}
}

// TestSignatureAlgorithms: what is written is what crypto/x509 writes, and is read
// as the same.
func TestSignatureAlgorithms(t *testing.T) {
	for algorithm, kind := range map[x509.SignatureAlgorithm]testca.Kind{
		x509.ECDSAWithSHA256: testca.P256, x509.ECDSAWithSHA384: testca.P256, x509.ECDSAWithSHA512: testca.P256,
		x509.PureEd25519:   testca.Ed25519,
		x509.SHA256WithRSA: testca.RSA2048, x509.SHA384WithRSA: testca.RSA2048, x509.SHA512WithRSA: testca.RSA2048,
	} {
		var b cryptobyte.Builder
		AddSignatureAlgorithm(&b, algorithm)
		der := cryptobyte.String(b.BytesOrPanic())
		key := testca.Key(kind, "algorithms")
		template := &x509.Certificate{SerialNumber: big.NewInt(1), SignatureAlgorithm: algorithm}
		cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(cert, der); n < 2 {
			t.Errorf("%s: %x occurs %d times in a certificate, want two or more", algorithm, der, n)
		}
		var content cryptobyte.String
		if !der.ReadASN1(&content, cbasn1.SEQUENCE) || !der.Empty() {
			t.Fatalf("%s: unreadable", algorithm)
		}
		if got, wellFormed := ReadSignatureAlgorithm(content); got != algorithm || !wellFormed {
			t.Errorf("%s is read as %s, %t", algorithm, got, wellFormed)
		}
		if none := SignatureHash(algorithm) == 0; none != (algorithm == x509.PureEd25519) {
			t.Errorf("%s signs a digest of %s", algorithm, SignatureHash(algorithm))
		}
	}
	for _, algorithm := range []x509.SignatureAlgorithm{x509.UnknownSignatureAlgorithm, x509.SHA256WithRSAPSS} {
		var b cryptobyte.Builder
		AddSignatureAlgorithm(&b, algorithm)
		if der, err := b.Bytes(); err == nil {
			t.Errorf("%s is written as %x", algorithm, der)
		}
	}
}

func TestResponderID(t *testing.T) {
	ca := testca.New()
	leaf := ca.Leaf()
	byKey, err := ResponderByKey(ca.Cert)
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]ResponderID{"by key": byKey, "by name": {name: ca.Cert.RawSubject}} {
		t.Run(name, func(t *testing.T) {
			var b cryptobyte.Builder
			id.Add(&b)
			der := cryptobyte.String(b.BytesOrPanic())
			var read ResponderID
			if !read.Read(&der) || !der.Empty() {
				t.Fatal("unreadable")
			}
			for cert, want := range map[*x509.Certificate]bool{ca.Cert: true, leaf.Cert: false} {
				if named, err := read.Names(cert); err != nil || named != want {
					t.Errorf("names %s: %t, %v; want %t", cert.Subject, named, err, want)
				}
			}
		})
	}
	// What names nobody, names nobody.
	if named, err := new(ResponderID).Names(ca.Cert); named || err != nil {
		t.Errorf("the zero value names a certificate: %v", err)
	}
}

// TestResponses holds error responses to those of golang.org/x/crypto/ocsp.
func TestResponses(t *testing.T) {
	for status, want := range map[ResponseStatus][]byte{
		MalformedRequest: ocsp.MalformedRequestErrorResponse,
		InternalError:    ocsp.InternalErrorErrorResponse,
		TryLater:         ocsp.TryLaterErrorResponse,
		SigRequired:      ocsp.SigRequredErrorResponse,
		Unauthorized:     ocsp.UnauthorizedErrorResponse,
	} {
		der := ErrorResponse(status)
		if !bytes.Equal(der, want) {
			t.Errorf("%s is %x, want %x", status, der, want)
		}
		if read, rest, ok := ReadResponse(der); read != status || len(rest) != 0 || !ok {
			t.Errorf("%s is read as %s, %t, with %d more bytes", status, read, ok, len(rest))
		}
	}
	for name, der := range map[string][]byte{
		"empty": nil, "no status": {0x30, 0}, "no sequence": asn1.NullBytes,
		"bytes after it": append(ErrorResponse(TryLater), 0),
	} {
		if status, _, ok := ReadResponse(der); ok {
			t.Errorf("%s is read as %s", name, status)
		}
	}
	if got := ResponseStatus(4).String(); got != "status 4" {
		t.Errorf("4 is %q", got)
	}
}

// TestStatuses: each status has a tag of its own, and what has none is Unknown.
func TestStatuses(t *testing.T) {
	for status, want := range map[CertStatus]cbasn1.Tag{Good: 0x80, Revoked: 0xa1, Unknown: 0x82, 42: 0x82} {
		if status.Tag() != want {
			t.Errorf("%s has the tag %#x, want %#x", status, status.Tag(), want)
		}
		if back, ok := StatusOf(want); !ok || back.String() != status.String() {
			t.Errorf("the tag %#x is %s, %t", want, back, ok)
		}
	}
	for _, tag := range []cbasn1.Tag{0, 0x81, 0xa0, 0xa2, 0x83} {
		if status, ok := StatusOf(tag); ok || status != Unknown {
			t.Errorf("the tag %#x is %s, %t", tag, status, ok)
		}
	}
}

func TestExtensions(t *testing.T) {
	list := func(n int, again ...int) cryptobyte.String {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			add := func(arc int) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, arc})
					b.AddASN1OctetString(nil)
				})
			}
			for i := range n {
				add(n - i)
			}
			for _, arc := range again {
				add(arc)
			}
		})
		return b.BytesOrPanic()
	}
	stop := errors.New("stop")
	for _, row := range []struct {
		name string
		list cryptobyte.String
		stop int
		seen int
		want error
	}{
		{"none", list(0), 0, 0, ErrExtensions},
		{"one", list(1), 0, 1, nil},
		{"a few", list(8), 0, 8, nil},
		{"many", list(3000), 0, 3000, nil},
		{"one twice", list(1, 1), 0, 2, ErrExtensionTwice},
		{"a few, the last twice", list(4, 4), 0, 5, ErrExtensionTwice},
		{"many, one twice", list(3000, 17), 0, 3001, ErrExtensionTwice},
		{"refused", list(3), 2, 2, stop},
		{"something behind", append(list(1), 5, 0), 0, 0, ErrExtensions},
		{"no list", asn1.NullBytes, 0, 0, ErrExtensions},
		{"no extension", cryptobyte.String{0x30, 2, 5, 0}, 0, 0, ErrExtensions},
	} {
		t.Run(row.name, func(t *testing.T) {
			seen := 0
			err := ReadExtensions(row.list, func(Extension) error {
				if seen++; seen == row.stop {
					return stop
				}
				return nil
			})
			if seen != row.seen || !errors.Is(err, row.want) {
				t.Errorf("saw %d, %v; want %d, %v", seen, err, row.seen, row.want)
			}
		})
	}
}

// TestReadingDoesNotAllocate: verifiers read a staple with each new token.
func TestReadingDoesNotAllocate(t *testing.T) {
	ca := testca.New()
	key, err := PublicKeyBits(ca.Cert)
	if err != nil {
		t.Fatal(err)
	}
	id, err := NewIssuerID(ca.Cert, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if HashOf(id.Algorithm) != crypto.SHA256 || !IsDigest(crypto.SHA256, id.KeyHash, key) {
			t.Error("not its own digest")
		}
	}); n != 0 {
		t.Errorf("comparing a CertID allocates %v times", n)
	}
}

func TestCRLReason(t *testing.T) {
	for reason, want := range map[CRLReason]struct{ valid, final bool }{
		-1: {false, true}, 0: {true, true}, 1: {true, true}, 6: {true, false}, 7: {false, true}, 8: {true, false}, 10: {true, true}, 11: {false, true},
	} {
		if reason.Valid() != want.valid || reason.IsFinal() != want.final {
			t.Errorf("%s: valid %t, final %t; want %v", reason, reason.Valid(), reason.IsFinal(), want)
		}
	}
}

// TestRequestWithNonce: the nonce is an extension behind the list of requests,
// and nothing else differs (RFC 9654 §2.1).
func TestRequestWithNonce(t *testing.T) {
	c := &x509.Certificate{SerialNumber: big.NewInt(7), RawSubject: []byte{0x30, 0}}
	key := []byte{0x30, 0x06, 0x30, 0x00, 0x03, 0x02, 0x00, 0x09}
	c.RawSubjectPublicKeyInfo = key
	plain, err := Request(c, c, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{0xab}, 32)
	with, err := RequestWithNonce(c, c, crypto.SHA256, nonce)
	if err != nil {
		t.Fatal(err)
	}
	outer, tbs, list, tagged := cryptobyte.String(with), cryptobyte.String(nil), cryptobyte.String(nil), cryptobyte.String(nil)
	if !outer.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) || !outer.Empty() ||
		!tbs.ReadASN1Element(&list, cbasn1.SEQUENCE) || !tbs.ReadASN1(&tagged, Tag(2)) || !tbs.Empty() {
		t.Fatalf("%x", with)
	}
	if !bytes.HasSuffix(plain, list) {
		t.Errorf("another list of requests: %x in %x", list, plain)
	}
	found := 0
	err = ReadExtensions(tagged, func(ext Extension) error {
		if string(ext.ID) == Nonce && !ext.Critical && bytes.Equal(ext.Value, append([]byte{4, 32}, nonce...)) {
			found++
		}
		return nil
	})
	if err != nil || found != 1 {
		t.Errorf("%d nonces, %v", found, err)
	}
}
