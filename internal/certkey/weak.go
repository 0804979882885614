// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certkey

import (
	"crypto/ed25519"
	"crypto/rsa"
	"math"
	"math/big"
	"math/bits"

	"github.com/stapledjwt/stapled"
)

// maxRSAExponent is the largest exponent that crypto/rsa uses. A larger one
// adds no strength, and costs the verifier more.
const maxRSAExponent = math.MaxInt32

// checkRSA returns AlgorithmRejected for a modulus that is too small, too large
// or has a known weakness, and for an exponent that is not odd and at least 3
// (RFC 8017 §3.1).
func checkRSA(key *rsa.PublicKey) error {
	switch bits := key.N.BitLen(); {
	case bits < minRSABits || bits > maxRSABits:
		return stapled.Errorf(stapled.AlgorithmRejected, "RSA of %d bits", bits)
	case key.N.Bit(0) == 0:
		return stapled.Errorf(stapled.AlgorithmRejected, "RSA with an even modulus")
	case key.E < 3 || key.E%2 == 0:
		return stapled.Errorf(stapled.AlgorithmRejected, "RSA with the exponent %d, which must be odd and at least 3", key.E)
	case key.E > maxRSAExponent:
		return stapled.Errorf(stapled.AlgorithmRejected, "RSA with the exponent %d, more than %d", key.E, maxRSAExponent)
	case hasFingerprint(key.N):
		return stapled.Errorf(stapled.AlgorithmRejected, "RSA with the fingerprint of CVE-2017-15361: anybody can compute the private key; make another")
	}
	return nil
}

// fingerprintPrimes is the number of primes that the fingerprint is taken of.
// For all moduli of 992 bits or more, the faulty generator used at least these
// (Nemec et al., "The Return of Coppersmith's Attack", 2017, §2.2). A modulus
// made by another generator has the fingerprint with a probability below
// 2^-83.
const fingerprintPrimes = 71

// residues are some of the primes, their product, and for each of them which
// residues are powers of 65537.
type residues struct {
	product uint
	primes  []uint
	powers  []map[uint]bool
}

var fingerprint = func() []residues {
	all := []residues{{product: 1}}
	for prime, n := uint(2), 0; n < fingerprintPrimes; prime++ {
		if !big.NewInt(int64(prime)).ProbablyPrime(0) {
			continue
		}
		n++
		powers := make(map[uint]bool)
		for x := 1 % prime; !powers[x]; x = x * (65537 % prime) % prime {
			powers[x] = true
		}
		last := &all[len(all)-1]
		if high, product := bits.Mul(last.product, prime); high == 0 {
			last.product = product
		} else {
			all = append(all, residues{product: prime})
			last = &all[len(all)-1]
		}
		last.primes, last.powers = append(last.primes, prime), append(last.powers, powers)
	}
	return all
}()

// hasFingerprint reports whether a modulus comes from the generator of
// CVE-2017-15361. Its primes are k*M + (65537^a mod M), where M is the product
// of the first primes; so the modulus is a power of 65537 modulo each of them.
func hasFingerprint(modulus *big.Int) bool {
	words := modulus.Bits()
	for _, r := range fingerprint {
		rest := uint(0)
		for i := len(words) - 1; i >= 0; i-- {
			rest = bits.Rem(rest, uint(words[i]), r.product)
		}
		for i, prime := range r.primes {
			if !r.powers[i][rest%prime] {
				return false
			}
		}
	}
	return true
}

// smallOrder lists the encodings of the Ed25519 points of order 1, 2, 4 and 8,
// without the sign bit of x: y is 0, 1, -1 or one of the two values for order
// 8; 0 and 1 can also be written as p and p+1, where p = 2^255-19.
var smallOrder = [][ed25519.PublicKeySize]byte{
	{},
	{1},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}

// checkEd25519 returns AlgorithmRejected for a key of another size, and for a
// point of small order: a fixed signature fits every message under it, or one
// message of eight.
func checkEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return stapled.Errorf(stapled.AlgorithmRejected, "an Ed25519 key of %d bytes", len(key))
	}
	y := [ed25519.PublicKeySize]byte(key)
	y[len(y)-1] &^= 0x80
	for i := range smallOrder {
		if y == smallOrder[i] {
			return stapled.Errorf(stapled.AlgorithmRejected, "an Ed25519 key of small order: it signs everything")
		}
	}
	return nil
}
