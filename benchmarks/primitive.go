// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
)

// ring is the number of tokens that paths without a memory use in turn.
const ring = 64

var errRaw = errors.New("the signature does not verify")

// signed is what a primitive verifies: a digest, or the message for Ed25519.
type signed struct{ message, signature []byte }

// rawPaths are the primitives alone. They verify the signatures of tokens like
// those of the other paths; the digest is computed beforehand, except for
// Ed25519, which computes its own.
func (s *Setup) rawPaths() []Path {
	es256 := s.clients[testca.P256].leaf.Key.(*ecdsa.PrivateKey)
	eddsa := s.clients[testca.Ed25519].leaf.Key.Public().(ed25519.PublicKey)
	rs256 := s.clients[testca.RSA2048].leaf.Key.Public().(*rsa.PublicKey)
	return []Path{
		{Name: "raw_es256", Does: "ecdsa.VerifyASN1, P-256", Batch: s.onSigned(testca.P256, func(v signed) error {
			if !ecdsa.VerifyASN1(&es256.PublicKey, v.message, v.signature) {
				return errRaw
			}
			return nil
		})},
		{Name: "raw_eddsa", Does: "ed25519.Verify", Batch: s.onSigned(testca.Ed25519, func(v signed) error {
			if !ed25519.Verify(eddsa, v.message, v.signature) {
				return errRaw
			}
			return nil
		})},
		{Name: "raw_rs256", Does: "rsa.VerifyPKCS1v15, 2048 bits", Batch: s.onSigned(testca.RSA2048, func(v signed) error {
			return rsa.VerifyPKCS1v15(rs256, crypto.SHA256, v.message, v.signature)
		})},
		{Name: "raw_sign_es256", Does: "ecdsa.SignASN1, P-256", Batch: s.onSigned(testca.P256, func(v signed) error {
			_, err := ecdsa.SignASN1(rand.Reader, es256, v.message)
			return err
		})},
	}
}

func (s *Setup) onSigned(kind testca.Kind, do func(signed) error) func(int) (Operation, error) {
	var all []signed
	return func(int) (Operation, error) {
		if all == nil {
			raw, err := s.clients[kind].sign(ring)
			if err != nil {
				return nil, err
			}
			for _, raw := range raw {
				v, err := newSigned(kind, raw)
				if err != nil {
					return nil, err
				}
				all = append(all, v)
			}
		}
		return func(i int) error { return do(all[i%ring]) }, nil
	}
}

func newSigned(kind testca.Kind, raw string) (signed, error) {
	dot := strings.LastIndexByte(raw, '.')
	v := signed{message: []byte(raw[:dot])}
	var err error
	if v.signature, err = base64.RawURLEncoding.DecodeString(raw[dot+1:]); err != nil || kind == testca.Ed25519 {
		return v, err
	}
	digest := sha256.Sum256(v.message)
	v.message = digest[:]
	if kind == testca.P256 {
		r, s := new(big.Int).SetBytes(v.signature[:32]), new(big.Int).SetBytes(v.signature[32:])
		v.signature, err = asn1.Marshal(struct{ R, S *big.Int }{r, s})
	}
	return v, err
}
