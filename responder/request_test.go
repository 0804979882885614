// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

type part func(*cryptobyte.Builder)

// der encodes parts one after the other.
func der(parts ...part) []byte {
	var b cryptobyte.Builder
	for _, p := range parts {
		p(&b)
	}
	return b.BytesOrPanic()
}

func in(tag cbasn1.Tag, parts ...part) part {
	return func(b *cryptobyte.Builder) { b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(der(parts...)) }) }
}

func seq(parts ...part) part { return in(cbasn1.SEQUENCE, parts...) }

func raw(bytes ...byte) part { return func(b *cryptobyte.Builder) { b.AddBytes(bytes) } }

func integer(n int64) part { return func(b *cryptobyte.Builder) { b.AddASN1Int64(n) } }

func bigInteger(n *big.Int) part { return func(b *cryptobyte.Builder) { b.AddASN1BigInt(n) } }

func octets(data []byte) part { return func(b *cryptobyte.Builder) { b.AddASN1OctetString(data) } }

func oid(arcs ...int) part {
	return func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(arcs) }
}

func null() part { return func(b *cryptobyte.Builder) { b.AddASN1NULL() } }

var nonceOID = []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

func extension(id []int, critical bool, value string) part {
	parts := []part{oid(id...)}
	if critical {
		parts = append(parts, func(b *cryptobyte.Builder) { b.AddASN1Boolean(true) })
	}
	return seq(append(parts, octets([]byte(value)))...)
}

// TestRequestSyntax asks for a good serial in every way that is allowed, and
// in many that are not.
func TestRequestSyntax(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	r := newResponder(t, ca, knownSource)
	key, err := ocspwire.PublicKeyBits(ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	sha256 := []int{2, 16, 840, 1, 101, 3, 4, 2, 1}
	name, keyHash := digest(crypto.SHA256, ca.cert.RawSubject), digest(crypto.SHA256, key)
	certID := func(algorithm part, more ...part) part {
		return seq(append([]part{algorithm, octets(name), octets(keyHash)}, more...)...)
	}
	good := certID(seq(oid(sha256...), null()), bigInteger(goodSerial))
	request := func(tbs ...part) []byte { return der(seq(seq(tbs...))) }
	list := seq(seq(good))
	signature := in(tag0, seq(seq(oid(1, 2, 840, 10045, 4, 3, 2)), raw(3, 2, 0, 0)))
	nonce := extension(nonceOID, false, "\x04\x08nonsense")

	const success, malformed, unauthorized = ocsp.Success, ocsp.Malformed, ocsp.Unauthorized
	for _, row := range []struct {
		name string
		req  []byte
		want ocsp.ResponseStatus
	}{
		{"plain", request(list), success},
		{"hash parameters absent", request(seq(seq(certID(seq(oid(sha256...)), bigInteger(goodSerial))))), success},
		{"version v1 spelled out", request(in(tag0, integer(0)), list), success},
		{"requestor name", request(in(tag1, in(cbasn1.Tag(2).ContextSpecific(), raw([]byte("me")...))), list), success},
		{"signature is ignored", der(seq(seq(list), signature)), success},
		{"nonce", request(list, in(tag2, seq(nonce))), success},
		{"critical nonce", request(list, in(tag2, seq(extension(nonceOID, true, "\x04\x01n")))), success},
		{"nonce of the single request is ignored", request(seq(seq(good, in(tag0, seq(nonce))))), success},
		{"unknown extension", request(list, in(tag2, seq(extension([]int{1, 2, 3}, false, "x")))), success},
		{"critical FALSE spelled out", request(list, in(tag2, seq(seq(oid(1, 2, 3), raw(1, 1, 0), octets(nil))))), success},
		{"extension of the single request", request(seq(seq(good, in(tag0, seq(extension([]int{1, 2, 3}, false, "x")))))), success},

		{"unknown hash", request(seq(seq(certID(seq(oid(1, 2, 3)), bigInteger(goodSerial))))), unauthorized},
		{"unknown hash with parameters", request(seq(seq(certID(seq(oid(1, 2, 3), integer(1)), bigInteger(goodSerial))))), unauthorized},
		{"hashes of another length", request(seq(seq(seq(seq(oid(sha256...), null()), octets(name[:20]), octets(keyHash[:20]), bigInteger(goodSerial))))), unauthorized},
		{"hashes swapped", request(seq(seq(seq(seq(oid(sha256...), null()), octets(keyHash), octets(name), bigInteger(goodSerial))))), unauthorized},

		{"empty", nil, malformed},
		{"not a sequence", der(null()), malformed},
		{"trailing byte", append(request(list), 0), malformed},
		{"trailing byte in the request", der(seq(seq(list), raw(5, 0))), malformed},
		{"trailing byte in tbsRequest", request(list, null()), malformed},
		{"trailing byte in the single request", request(seq(seq(good, null()))), malformed},
		{"trailing byte in the CertID", request(seq(seq(certID(seq(oid(sha256...)), bigInteger(goodSerial), null())))), malformed},
		{"trailing byte in the algorithm", request(seq(seq(certID(seq(oid(sha256...), null(), null()), bigInteger(goodSerial))))), malformed},
		{"trailing byte in the signature", der(seq(seq(list), in(tag0, seq(), null()))), malformed},
		{"truncated", request(list)[:40], malformed},
		{"indefinite length", append([]byte{0x30, 0x80}, append(request(list)[2:], 0, 0)...), malformed},
		{"version v2", request(in(tag0, integer(1)), list), malformed},
		{"version is no number", request(in(tag0, null()), list), malformed},
		{"requestor name is empty", request(in(tag1), list), malformed},
		{"no CertID", request(seq()), malformed},
		{"two CertIDs", request(seq(seq(good), seq(good))), malformed},
		{"hash parameters that are no NULL", request(seq(seq(certID(seq(oid(sha256...), integer(1)), bigInteger(goodSerial))))), malformed},
		{"negative serial", request(seq(seq(certID(seq(oid(sha256...)), integer(-5))))), malformed},
		{"serial of 21 octets", request(seq(seq(certID(seq(oid(sha256...)), bigInteger(new(big.Int).Lsh(big.NewInt(1), 160)))))), malformed},
		{"serial not minimal", request(seq(seq(certID(seq(oid(sha256...)), raw(2, 2, 0, 5))))), malformed},
		{"serial empty", request(seq(seq(certID(seq(oid(sha256...)), raw(2, 0))))), malformed},
		{"serial missing", request(seq(seq(certID(seq(oid(sha256...)))))), malformed},
		{"critical unknown extension", request(list, in(tag2, seq(extension([]int{1, 2, 3}, true, "x")))), malformed},
		{"critical of neither value", request(list, in(tag2, seq(seq(oid(1, 2, 3), raw(1, 1, 1), octets(nil))))), malformed},
		{"critical nonce of the single request", request(seq(seq(good, in(tag0, seq(extension(nonceOID, true, "\x04\x01n")))))), malformed},
		{"critical extension of the single request", request(seq(seq(good, in(tag0, seq(extension([]int{1, 2, 3}, true, "x")))))), malformed},
		{"nonce twice", request(list, in(tag2, seq(nonce, nonce))), malformed},
		{"extensions empty", request(list, in(tag2, seq())), malformed},
		{"extensions are no sequence", request(list, in(tag2, null())), malformed},
		{"extension without a value", request(list, in(tag2, seq(seq(oid(1, 2, 3))))), malformed},
		{"a response", ocsp.TryLaterErrorResponse, malformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			resp, err := ocsp.ParseResponse(r.Respond(t.Context(), row.req), ca.cert)
			var re ocsp.ResponseError
			switch {
			case row.want == success:
				if err != nil || resp.Status != ocsp.Good {
					t.Errorf("got %v, %v; want good", resp, err)
				}
			case !errors.As(err, &re) || re.Status != row.want:
				t.Errorf("got %v, %v; want %s", resp, err, row.want)
			}
		})
	}
}
