// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certkey_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// spki is a SubjectPublicKeyInfo in parts: what is in each of its SEQUENCEs, and
// the BIT STRING with its count of unused bits.
type spki struct{ algorithm, key, after []byte }

func partsOf(t *testing.T, der []byte) spki {
	t.Helper()
	input := cryptobyte.String(der)
	var algorithm, key cryptobyte.String
	if !input.ReadASN1(&input, cbasn1.SEQUENCE) || !input.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !input.ReadASN1(&key, cbasn1.BIT_STRING) {
		t.Fatal("malformed")
	}
	return spki{bytes.Clone(algorithm), bytes.Clone(key), nil}
}

func (s spki) der() []byte {
	return element(cbasn1.SEQUENCE, element(cbasn1.SEQUENCE, s.algorithm), element(cbasn1.BIT_STRING, s.key), s.after)
}

func element(tag cbasn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

// Of the encodings that crypto/x509 takes for the same key, only one passes.
func TestForgeriesOfKeyEncodings(t *testing.T) {
	null := []byte{5, 0}
	for _, kind := range []testca.Kind{testca.P256, testca.P384, testca.P521, testca.Ed25519, testca.RSA2048} {
		c := testca.New(testca.Keyed(kind)).Cert
		if err := certkey.CheckEncoding(c); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		edits := map[string]func(*spki){
			"something_behind_the_key":        func(s *spki) { s.after = null },
			"something_behind_the_parameters": func(s *spki) { s.algorithm = append(append(s.algorithm, null...), null...) },
		}
		if kind == testca.RSA2048 {
			edits["something_behind_the_exponent"] = func(s *spki) {
				list := cryptobyte.String(s.key[1:])
				list.ReadASN1(&list, cbasn1.SEQUENCE)
				s.key = append([]byte{0}, element(cbasn1.SEQUENCE, list, null)...)
			}
			edits["something_behind_the_numbers"] = func(s *spki) { s.key = append(s.key, null...) }
		}
		for name, edit := range edits {
			t.Run("T05_"+string(kind)+"_with_"+name, func(t *testing.T) {
				s := partsOf(t, c.RawSubjectPublicKeyInfo)
				edit(&s)
				changed := &x509.Certificate{RawSubjectPublicKeyInfo: s.der(), PublicKey: c.PublicKey}
				if err := certkey.CheckEncoding(changed); !errors.Is(err, stapled.AlgorithmRejected) {
					t.Errorf("%x: %v", s.der(), err)
				}
			})
		}
	}
	t.Run("T05_unused_bits", func(t *testing.T) {
		if err := certkey.CheckEncoding(testca.New().Intermediate().Alias(3).Cert); !errors.Is(err, stapled.AlgorithmRejected) {
			t.Error(err)
		}
	})
}
