// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"math/big"
	"slices"
)

// SmallOrder returns every encoding of the Ed25519 points of order 1, 2, 4 and
// 8, in the order of their bytes. Nobody holds the private key; nobody needs
// it.
func SmallOrder() [][]byte {
	var all [][]byte
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	} {
		key, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		negative := bytes.Clone(key)
		negative[31] |= 0x80
		all = append(all, key, negative)
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// Primorial returns the product of the first n primes.
func Primorial(n int) *big.Int {
	product := big.NewInt(1)
	for candidate := int64(2); n > 0; candidate++ {
		if prime := big.NewInt(candidate); prime.ProbablyPrime(0) {
			product.Mul(product, prime)
			n--
		}
	}
	return product
}

// AlmostFingerprintedRSA is like [FingerprintedRSA], except for the last of the
// 71 primes that count: no key takes longer to be told from one.
func AlmostFingerprintedRSA(bits int) *rsa.PublicKey {
	const last = 353
	key, powers := FingerprintedRSA(bits), make(map[int64]bool)
	for x := int64(1); !powers[x]; x = x * 65537 % last {
		powers[x] = true
	}
	others := new(big.Int).Div(Primorial(126), big.NewInt(last))
	for powers[new(big.Int).Mod(key.N, big.NewInt(last)).Int64()] {
		key.N.Add(key.N, others)
	}
	return key
}

// FingerprintedRSA returns an RSA public key of this many bits, whose modulus
// has the fingerprint of CVE-2017-15361: it is a power of 65537 modulo each of
// the first 126 primes. Nobody holds its private key.
func FingerprintedRSA(bits int) *rsa.PublicKey {
	m := Primorial(126)
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	n.Sub(n, new(big.Int).Mod(n, m))
	n.Add(n, m) // a multiple of m, above half of the range
	return &rsa.PublicKey{N: n.Add(n, new(big.Int).Exp(big.NewInt(65537), big.NewInt(2026), m)), E: 65537}
}
