// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certkey_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
)

// All encodings of points of small order are refused, and no others: they are
// computed here from the equation of the curve.
func TestForgeriesOfEd25519(t *testing.T) {
	encodings := smallOrderEncodings()
	if len(encodings) != 14 || !slices.EqualFunc(encodings, testca.SmallOrder(), bytes.Equal) {
		t.Errorf("%d encodings, package testca has %d, or others", len(encodings), len(testca.SmallOrder()))
	}
	for _, key := range encodings {
		t.Run(fmt.Sprintf("T26_%x", key), func(t *testing.T) {
			if err := certkey.Check(ed25519.PublicKey(key)); !errors.Is(err, stapled.AlgorithmRejected) {
				t.Error(err)
			}
			// One bit away is no small order, whether or not it is a point.
			for bit := range 255 {
				near := bytes.Clone(key)
				near[bit/8] ^= 1 << (bit % 8)
				listed := slices.ContainsFunc(encodings, func(e []byte) bool { return bytes.Equal(e, near) })
				if err := certkey.Check(ed25519.PublicKey(near)); (err != nil) != listed {
					t.Errorf("bit %d: %v", bit, err)
				}
			}
		})
	}
	for _, size := range []int{0, 31, 33} {
		if err := certkey.Check(ed25519.PublicKey(bytes.Repeat([]byte{5}, size))); !errors.Is(err, stapled.AlgorithmRejected) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	for i := range 100 {
		if err := certkey.Check(testca.Key(testca.Ed25519, fmt.Sprint("order ", i)).Public()); err != nil {
			t.Error(err)
		}
	}
}

// smallOrderEncodings finds every y of 32 bytes, sign bit apart, for which
// eight times the point is the neutral element, y = 1. On -x²+y² = 1+dx²y², x²
// follows from y, and y of twice the point from both; so the points of order 8
// are found by halving, which is a quadratic equation in y².
func smallOrderEncodings() [][]byte {
	one := big.NewInt(1)
	p := new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	add := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Add(a, b)) }
	sub := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Sub(a, b)) }
	div := func(a, b *big.Int) *big.Int { return mul(a, new(big.Int).ModInverse(b, p)) }
	d := div(big.NewInt(-121665), big.NewInt(121666))
	double := func(y *big.Int) *big.Int {
		yy := mul(y, y)
		xx := div(sub(yy, one), add(mul(d, yy), one))
		return div(add(yy, xx), sub(one, mul(d, mul(xx, yy))))
	}
	// Double y is target: with u = y² and x² = (u-1)/(du+1), that is
	// u(du+1) + u - 1 = target (du + 1 - d u (u-1)), so
	// d(1+target) u² + (2 - 2 d target) u - (1+target) = 0.
	halve := func(target *big.Int) (halves []*big.Int) {
		a := mul(d, add(one, target))
		b := sub(big.NewInt(2), mul(big.NewInt(2), mul(d, target)))
		c := sub(big.NewInt(0), add(one, target))
		var squares []*big.Int
		if a.Sign() == 0 {
			squares = append(squares, div(sub(big.NewInt(0), c), b))
		} else if root := new(big.Int).ModSqrt(sub(mul(b, b), mul(big.NewInt(4), mul(a, c))), p); root != nil {
			for _, r := range []*big.Int{root, sub(big.NewInt(0), root)} {
				squares = append(squares, div(sub(r, b), mul(big.NewInt(2), a)))
			}
		}
		for _, u := range squares {
			if add(mul(d, u), one).Sign() == 0 {
				continue // x would be infinite
			}
			xx := div(sub(u, one), add(mul(d, u), one))
			y := new(big.Int).ModSqrt(u, p)
			if y == nil || xx.Sign() != 0 && new(big.Int).ModSqrt(xx, p) == nil {
				continue // no such point
			}
			halves = append(halves, y, sub(big.NewInt(0), y))
		}
		return halves
	}
	found := map[string]*big.Int{"1": one}
	for range 3 {
		for _, y := range found {
			for _, half := range halve(y) {
				if double(half).Cmp(y) == 0 {
					found[half.String()] = half
				}
			}
		}
	}
	var encodings [][]byte
	for _, y := range found {
		for written := new(big.Int).Set(y); written.BitLen() <= 255; written.Add(written, p) {
			little := make([]byte, 32)
			written.FillBytes(little)
			slices.Reverse(little)
			encodings = append(encodings, little, append(bytes.Clone(little[:31]), little[31]|0x80))
		}
	}
	slices.SortFunc(encodings, bytes.Compare)
	return encodings
}

func TestForgeriesOfRSA(t *testing.T) {
	good := testca.OversizedRSA(2048).N
	for name, key := range map[string]*rsa.PublicKey{
		"T26_exponent_negative":          {N: good, E: -3},
		"T26_exponent_0":                 {N: good, E: 0},
		"T26_exponent_1":                 {N: good, E: 1},
		"T26_exponent_2":                 {N: good, E: 2},
		"T26_exponent_even":              {N: good, E: 65536},
		"T26_exponent_of_32_bits":        {N: good, E: 1<<31 + 1},
		"T26_exponent_of_62_bits":        {N: good, E: 1<<62 - 1},
		"T26_modulus_even":               {N: new(big.Int).Sub(good, big.NewInt(1)), E: 65537},
		"T26_fingerprint_of_2048_bits":   testca.FingerprintedRSA(2048),
		"T26_fingerprint_of_4096_bits":   testca.FingerprintedRSA(4096),
		"T26_product_of_faulty_primes":   {N: new(big.Int).Mul(faultyPrime(t, 1024), faultyPrime(t, 1024)), E: 65537},
		"T26_product_of_faulty_primes_2": {N: new(big.Int).Mul(faultyPrime(t, 2048), faultyPrime(t, 1024)), E: 65537},
	} {
		t.Run(name, func(t *testing.T) {
			if err := certkey.Check(key); !errors.Is(err, stapled.AlgorithmRejected) {
				t.Error(err)
			}
		})
	}
	for _, e := range []int{3, 5, 17, 257, 65537, 1<<31 - 1} {
		if err := certkey.Check(&rsa.PublicKey{N: good, E: e}); err != nil {
			t.Error(err)
		}
	}
}

// faultyPrime makes a prime as the generator of CVE-2017-15361 did.
func faultyPrime(t *testing.T, bits int) *big.Int {
	t.Helper()
	m := testca.Primorial(126)
	room := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	for room.Div(room, m); ; {
		k, err := rand.Int(rand.Reader, room)
		if err != nil {
			t.Fatal(err)
		}
		a, err := rand.Int(rand.Reader, m)
		if err != nil {
			t.Fatal(err)
		}
		p := new(big.Int).Exp(big.NewInt(65537), a, m)
		if p.Add(p, k.Mul(k, m)); p.BitLen() == bits && p.ProbablyPrime(10) {
			return p
		}
	}
}

// No other modulus has the fingerprint: not those of real keys, and no number
// that has no small factor.
func TestModuliWithoutTheFingerprint(t *testing.T) {
	for i := range 20 {
		if err := certkey.Check(testca.Key(testca.RSA2048, fmt.Sprint("fingerprint ", i%4)).Public()); err != nil {
			t.Error(err)
		}
	}
	m, one := testca.Primorial(126), big.NewInt(1)
	limit := new(big.Int).Lsh(one, 2047)
	for range 10000 {
		n, err := rand.Int(rand.Reader, limit)
		if err != nil {
			t.Fatal(err)
		}
		for n.Add(n, limit); new(big.Int).GCD(nil, nil, n, m).Cmp(one) != 0; n.Add(n, one) {
		}
		if err := certkey.Check(&rsa.PublicKey{N: n, E: 65537}); err != nil {
			t.Fatal(err)
		}
	}
}
