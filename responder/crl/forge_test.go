// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// forgery is a list in which every part can be wrong. Each part is DER with its
// header; an empty one is left out.
type forgery struct {
	version, inner, outer, issuer, thisUpdate, nextUpdate []byte
	entries                                               [][]byte
	extensions                                            [][]byte
	inside, outside, behind                               []byte // what does not belong there
	key                                                   crypto.Signer
}

var (
	ecdsaSHA256 = tlv(cbasn1.SEQUENCE, tlv(cbasn1.OBJECT_IDENTIFIER, []byte("\x2a\x86\x48\xce\x3d\x04\x03\x02")))
	ecdsaSHA1   = tlv(cbasn1.SEQUENCE, tlv(cbasn1.OBJECT_IDENTIFIER, []byte("\x2a\x86\x48\xce\x3d\x04\x01")))
	crlNumber7  = extension(idCRLNumber, false, "\x02\x01\x07")
	oneEntry    = entryDER("\x05")
)

// forge returns a list that is valid: its number is 7, it counts from
// 12:00 to 13:00, and it revokes the serial 5.
func forge(ca *testca.Party) *forgery {
	return &forgery{
		version: tlv(cbasn1.INTEGER, []byte{1}), inner: ecdsaSHA256, outer: ecdsaSHA256, issuer: ca.Cert.RawSubject,
		thisUpdate: utc("260301120000Z"), nextUpdate: utc("260301130000Z"),
		entries: [][]byte{oneEntry}, extensions: [][]byte{crlNumber7}, key: ca.Key,
	}
}

func (f *forgery) der(tb testing.TB) []byte {
	tb.Helper()
	tbs := [][]byte{f.version, f.inner, f.issuer, f.thisUpdate, f.nextUpdate}
	if f.entries != nil {
		tbs = append(tbs, tlv(cbasn1.SEQUENCE, f.entries...))
	}
	if f.extensions != nil {
		tbs = append(tbs, tlv(cbasn1.Tag(0).ContextSpecific().Constructed(), tlv(cbasn1.SEQUENCE, f.extensions...)))
	}
	content := tlv(cbasn1.SEQUENCE, append(tbs, f.inside)...)
	sum := sha256.Sum256(content)
	signature, err := f.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		tb.Fatal(err)
	}
	return append(tlv(cbasn1.SEQUENCE, content, f.outer, tlv(cbasn1.BIT_STRING, []byte{0}, signature), f.outside), f.behind...)
}

func tlv(tag cbasn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

func utc(text string) []byte { return tlv(cbasn1.UTCTime, []byte(text)) }

func extension(id string, critical bool, value string) []byte {
	parts := [][]byte{tlv(cbasn1.OBJECT_IDENTIFIER, []byte(id))}
	if critical {
		parts = append(parts, tlv(cbasn1.BOOLEAN, []byte{0xff}))
	}
	return tlv(cbasn1.SEQUENCE, append(parts, tlv(cbasn1.OCTET_STRING, []byte(value)))...)
}

// entryDER returns a revocation of a serial, given as the content of an
// INTEGER, with these extensions.
func entryDER(serial string, extensions ...[]byte) []byte {
	parts := [][]byte{tlv(cbasn1.INTEGER, []byte(serial)), utc("260301115900Z")}
	if extensions != nil {
		parts = append(parts, tlv(cbasn1.SEQUENCE, extensions...))
	}
	return tlv(cbasn1.SEQUENCE, parts...)
}

// reasonIs returns the extension with this reason.
func reasonIs(code byte) []byte {
	return extension(idReasonCode, false, "\x0a\x01"+string([]byte{code}))
}

// distributionPoint returns the extension with the URL that step-ca writes by
// default, followed by other fields.
func distributionPoint(critical bool, more ...[]byte) []byte {
	uri := tlv(cbasn1.Tag(6).ContextSpecific(), []byte("https://localhost/1.0/crl"))
	tag0 := cbasn1.Tag(0).ContextSpecific().Constructed()
	point := tlv(cbasn1.SEQUENCE, append([][]byte{tlv(tag0, tlv(tag0, uri))}, more...)...)
	return extension(idIssuingDistributionPoint, critical, string(point))
}

// flag returns a BOOLEAN under an implicit tag.
func flag(tag uint8, value byte) []byte { return tlv(cbasn1.Tag(tag).ContextSpecific(), []byte{value}) }

func oidOf(tb testing.TB, id asn1.ObjectIdentifier) string {
	tb.Helper()
	der, err := asn1.Marshal(id)
	if err != nil {
		tb.Fatal(err)
	}
	return string(der[2:])
}
