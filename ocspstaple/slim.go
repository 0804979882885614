// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Slim authenticates an OCSP response as [Authenticate] does, and returns it
// without the certificates that a verifier does not need. It keeps none if the
// issuer signed, and otherwise only the delegate's. If several certificates of
// the delegate would do, it keeps the one that expires last, of those whose
// validity has begun if there are any.
//
// A responder may embed its whole chain. That list is not signed (RFC 6960
// §4.2.1), and it can make a token too large. The signed part stays the same,
// byte for byte.
//
// Slim accepts three things in a response that [Authenticate] refuses, and
// removes them: more than four embedded certificates, embedded certificates
// that do not parse and are not needed, and lengths around the signed part that
// use more bytes than DER allows. It returns the errors of [Authenticate]. The
// staple does not keep der. The work grows with the number of embedded
// certificates, so the caller must limit the size of der.
func Slim(der []byte, leaf, issuer *x509.Certificate, now time.Time, leeway time.Duration) (*Staple, error) {
	// 1. Take it apart. If that fails, as for a response that is not
	// successful, Authenticate says what is wrong.
	var parts envelope
	if !parts.read(der) {
		return Authenticate(slices.Clone(der), leaf, issuer, now, leeway)
	}
	// 2. The signed part is well-formed and about the leaf.
	bare, err := parts.encode(nil)
	if err != nil {
		return nil, err
	}
	var r response
	if err := r.parse(bare, allowance{}); err != nil {
		return nil, err
	}
	if err := r.certID.check(leaf, issuer); err != nil {
		return nil, err
	}
	// 3. Who signed it? The first certificate that fits wins, so the one that
	// expires last comes first.
	for _, der := range parts.certs {
		if c, err := certx5c.ParseDER(der); err == nil {
			r.certs = append(r.certs, c)
		}
	}
	slices.SortStableFunc(r.certs, func(a, b *x509.Certificate) int {
		// One that begins within the leeway is not valid yet to a verifier whose
		// clock is a second behind.
		switch early := a.NotBefore.After(now); {
		case early == b.NotBefore.After(now):
			return b.NotAfter.Compare(a.NotAfter)
		case early:
			return 1
		}
		return -1
	})
	delegate, err := r.signer(leaf, issuer, clock{now, leeway}, allowance{})
	if err != nil {
		return nil, err
	}
	// 4. Authenticate the result, because that is what a verifier sees.
	slim, err := parts.encode(delegate)
	if err != nil {
		return nil, err
	}
	return Authenticate(slim, leaf, issuer, now, leeway)
}

// envelope is what surrounds the signed part of a successful basic response.
// Its fields are DER as received and share its memory.
type envelope struct {
	data, algorithm, signature cryptobyte.String // of a BasicOCSPResponse
	certs                      [][]byte
}

// read takes a response apart and reports whether it could.
func (e *envelope) read(der []byte) bool {
	input := cryptobyte.String(der)
	var body, status, tagged, inner, octets, basic cryptobyte.String
	if !readLong(&input, &body, cbasn1.SEQUENCE) || !input.Empty() ||
		!body.ReadASN1(&status, cbasn1.ENUM) || string(status) != "\x00" ||
		!readLong(&body, &tagged, ocspwire.Tag(0)) || !body.Empty() ||
		!readLong(&tagged, &inner, cbasn1.SEQUENCE) || !tagged.Empty() {
		return false
	}
	var oid cryptobyte.String
	if !inner.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) || string(oid) != ocspwire.BasicResponse ||
		!readLong(&inner, &octets, cbasn1.OCTET_STRING) || !inner.Empty() ||
		!readLong(&octets, &basic, cbasn1.SEQUENCE) || !octets.Empty() {
		return false
	}
	if !basic.ReadASN1Element(&e.data, cbasn1.SEQUENCE) || !basic.ReadASN1Element(&e.algorithm, cbasn1.SEQUENCE) ||
		!basic.ReadASN1Element(&e.signature, cbasn1.BIT_STRING) {
		return false
	}
	if basic.Empty() {
		return true
	}
	var list cryptobyte.String
	if !readLong(&basic, &tagged, ocspwire.Tag(0)) || !basic.Empty() ||
		!readLong(&tagged, &list, cbasn1.SEQUENCE) || !tagged.Empty() {
		return false
	}
	for !list.Empty() {
		var c cryptobyte.String
		if !list.ReadASN1Element(&c, cbasn1.SEQUENCE) {
			return false
		}
		e.certs = append(e.certs, c)
	}
	return true
}

// encode is the inverse of read, in DER, with one certificate or none.
func (e *envelope) encode(delegate *x509.Certificate) ([]byte, error) {
	der, err := ocspwire.SuccessfulResponse(e.basic(delegate))
	if err != nil {
		return nil, fail(stapled.StapleMalformed, "encoding the response: %w", err)
	}
	return der, nil
}

// basic writes the content of a BasicOCSPResponse.
func (e *envelope) basic(delegate *x509.Certificate) cryptobyte.BuilderContinuation {
	return func(b *cryptobyte.Builder) {
		b.AddBytes(e.data)
		b.AddBytes(e.algorithm)
		b.AddBytes(e.signature)
		if delegate != nil {
			ocspwire.AddCertificate(b, delegate.Raw)
		}
	}
}

// readLong reads an element as ReadASN1 does, but also allows a length in up to
// four bytes where fewer would do. It never allows an indefinite length.
func readLong(input, out *cryptobyte.String, tag cbasn1.Tag) bool {
	if !input.PeekASN1Tag(tag) || len(*input) < 2 {
		return false
	}
	rest, length := (*input)[2:], int((*input)[1])
	if length >= 0x80 {
		count := length & 0x7f
		if count < 1 || count > 4 || len(rest) < count {
			return false
		}
		length = 0
		for _, c := range rest[:count] {
			length = length<<8 | int(c)
		}
		rest = rest[count:]
	}
	if length < 0 || length > len(rest) {
		return false
	}
	*out, *input = rest[:length], rest[length:]
	return true
}
