// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// repeatable is a key that always makes the same signature for the same
// message: ECDSA as in RFC 6979, RSASSA-PSS with a salt that depends only on
// the digest. The other algorithms are deterministic anyway.
type repeatable struct{ crypto.Signer }

func repeat(key crypto.Signer) crypto.Signer {
	if key, ok := key.(repeatable); ok {
		return key
	}
	return repeatable{key}
}

// Sign ignores the source of randomness.
func (k repeatable) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.Signer.Sign(k.randomness(digest), digest, opts)
}

func (k repeatable) randomness(digest []byte) io.Reader {
	if _, ok := k.Signer.(*rsa.PrivateKey); ok {
		return saltOf(digest)
	}
	return nil
}

// saltOf yields enough bytes for any salt.
func saltOf(digest []byte) io.Reader {
	var salt []byte
	for i := range byte(8) {
		sum := sha512.Sum512(append([]byte{i}, digest...))
		salt = append(salt, sum[:]...)
	}
	return strings.NewReader(string(salt))
}

// signJWS signs a JWS signing input with any key that can, even one that does
// not belong to the algorithm; []byte is for HMAC.
func signJWS(key any, alg string, input []byte) []byte {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return testca.SignJWS(key, alg, input)
	}
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[max(0, len(alg)-3):]]
	var opts crypto.SignerOpts = hash
	if strings.HasPrefix(alg, "PS") {
		opts = &rsa.PSSOptions{Hash: hash, SaltLength: rsa.PSSSaltLengthEqualsHash}
	}
	return signInput(signer, input, opts)
}

// signInput digests and signs. An ECDSA signature is R and S (RFC 7518 §3.4).
func signInput(key crypto.Signer, input []byte, opts crypto.SignerOpts) []byte {
	digest := input
	if hash := opts.HashFunc(); hash != 0 {
		h := hash.New()
		h.Write(input)
		digest = h.Sum(nil)
	}
	signature, err := repeat(key).Sign(nil, digest, opts)
	if err != nil {
		panic(err)
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		r, s := integersOf(signature)
		return concatenate(key, r, s)
	}
	return signature
}

func concatenate(key *ecdsa.PrivateKey, r, s *big.Int) []byte {
	size := (key.Params().BitSize + 7) / 8
	signature := make([]byte, 2*size)
	r.FillBytes(signature[:size])
	s.FillBytes(signature[size:])
	return signature
}

// integersOf reads an Ecdsa-Sig-Value (RFC 3279 §2.2.3).
func integersOf(der []byte) (r, s *big.Int) {
	r, s = new(big.Int), new(big.Int)
	input := cryptobyte.String(der)
	if !input.ReadASN1(&input, cbasn1.SEQUENCE) || !input.ReadASN1Integer(r) || !input.ReadASN1Integer(s) {
		panic(fmt.Errorf("not an Ecdsa-Sig-Value: %x", der))
	}
	return r, s
}
