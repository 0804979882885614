// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"bytes"
	"crypto"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Alias returns the party with a certificate that encodes the same key
// differently: with this many unused bits, below 6, after the elliptic curve
// point. crypto/x509 shifts them out. The issuer signs by ECDSA with SHA-256.
func (p *Party) Alias(unused uint) *Party {
	spki := p.Cert.RawSubjectPublicKeyInfo
	input := cryptobyte.String(spki)
	var algorithm, key cryptobyte.String
	if !input.ReadASN1(&input, cbasn1.SEQUENCE) || !input.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) ||
		!input.ReadASN1(&key, cbasn1.BIT_STRING) {
		panic(fmt.Errorf("testca: malformed key of %s", p.Cert.Subject))
	}
	shifted := []byte{byte(unused)}
	for i, bits := range key[1:] {
		bits <<= unused
		if i+2 < len(key) {
			bits |= key[i+2] >> (8 - unused)
		}
		shifted = append(shifted, bits)
	}
	alias := element(cbasn1.SEQUENCE, algorithm, element(cbasn1.BIT_STRING, shifted))

	content := cryptobyte.String(p.Cert.RawTBSCertificate)
	if !content.ReadASN1(&content, cbasn1.SEQUENCE) {
		panic(fmt.Errorf("testca: malformed certificate of %s", p.Cert.Subject))
	}
	tbs := element(cbasn1.SEQUENCE, bytes.Replace(content, spki, alias, 1))
	signature, err := p.Issuer.Key.Sign(nil, sum(crypto.SHA256, tbs), crypto.SHA256)
	if err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	ecdsaWithSHA256 := element(cbasn1.SEQUENCE, []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2})
	der := element(cbasn1.SEQUENCE, tbs, ecdsaWithSHA256, element(cbasn1.BIT_STRING, []byte{0}, signature))
	return &Party{Cert: MustParse(der), Key: p.Key, Issuer: p.Issuer}
}

func element(tag cbasn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}
