// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// weakKeyCases returns the cases for the keys that are known to be weak (rule
// 3.4), and for those that are no keys (rule 3.2).
func weakKeyCases() []Case {
	var cases []Case
	public := func(key any) testca.Edit { return func(t *testca.Template) { t.PublicKey = key } }
	// R is the neutral element and S is zero: under a key of order 1 this signs
	// everything, and under one of order 8 an eighth of everything.
	fixed := func(*Maker, *testca.Token, []byte) []byte { return append([]byte{1}, make([]byte, 63)...) }
	for i, key := range testca.SmallOrder() {
		cases = append(cases, Case{name: fmt.Sprintf("leaf_key_Ed25519_of_small_order_%d", i+1), comment: fmt.Sprintf("The key is %x.", key),
			leaf: client(public(ed25519.PublicKey(key))), edit: edits(signedBy(testca.Ed25519, "client", "EdDSA"), header("alg", "EdDSA")), sign: fixed})
	}
	small := public(ed25519.PublicKey(testca.SmallOrder()[2])) // of order 1
	modulus := testca.OversizedRSA(2048).N
	even := public(&rsa.PublicKey{N: new(big.Int).Sub(modulus, big.NewInt(1)), E: 65537})
	for _, row := range []struct {
		name string
		key  *rsa.PublicKey
	}{
		{"of_an_even_modulus", &rsa.PublicKey{N: new(big.Int).Sub(modulus, big.NewInt(1)), E: 65537}},
		{"of_the_exponent_1", &rsa.PublicKey{N: modulus, E: 1}},
		{"of_the_exponent_2", &rsa.PublicKey{N: modulus, E: 2}},
		{"of_an_even_exponent", &rsa.PublicKey{N: modulus, E: 65538}},
		{"of_the_exponent_2_to_the_31_plus_1", &rsa.PublicKey{N: modulus, E: 1<<31 + 1}},
		{"of_the_exponent_2_to_the_63_minus_1", &rsa.PublicKey{N: modulus, E: 1<<63 - 1}},
		{"with_the_fingerprint_of_CVE-2017-15361", testca.FingerprintedRSA(2048)},
		{"of_4096_bits_with_the_fingerprint_of_CVE-2017-15361", testca.FingerprintedRSA(4096)},
	} {
		cases = append(cases, Case{name: "leaf_key_RSA_" + row.name, leaf: client(public(row.key)), edit: borrowed})
	}
	impostor := func(key testca.Edit) edit {
		return presented(func(m *Maker) []*testca.Party {
			ca := m.newCA(m.root, key)
			return []*testca.Party{m.newLeaf(ca, func(t *testca.Template) { t.SigningKey = m.ring.key(testca.P256, "namesake") }), ca}
		})
	}
	cases = append(cases,
		Case{name: "intermediate_key_Ed25519_of_small_order", edit: impostor(small)},
		Case{name: "intermediate_key_RSA_of_an_even_modulus", edit: impostor(even)},
		Case{name: "intermediate_key_RSA_with_the_fingerprint_of_CVE-2017-15361", edit: impostor(public(testca.FingerprintedRSA(2048)))},
	)
	for i := range cases {
		cases[i].row, cases[i].rules, cases[i].want = "T26", "3.4", stapled.AlgorithmRejected
	}
	for _, row := range []struct {
		name    string
		want    stapled.Reason
		staples func(*Maker, *testca.Party) [][]byte
	}{
		{"Ed25519_of_small_order", stapled.StapleUntrusted, weakDelegate(small)},
		{"RSA_of_an_even_modulus", stapled.StapleUntrusted, weakDelegate(even)},
	} {
		cases = append(cases, Case{row: "T26", name: "delegate_key_" + row.name, rules: "6.7 6.9", staples: row.staples, want: row.want})
	}
	for _, row := range []struct {
		name string
		key  []byte
	}{
		{"RSA_of_the_exponent_0", stranger.RSA(modulus, big.NewInt(0))},
		{"RSA_of_the_exponent_-3", stranger.RSA(modulus, big.NewInt(-3))},
		{"RSA_of_the_exponent_2_to_the_63", stranger.RSA(modulus, new(big.Int).Lsh(big.NewInt(1), 63))},
		{"RSA_of_the_modulus_0", stranger.RSA(big.NewInt(0), big.NewInt(65537))},
		{"RSA_of_a_negative_modulus", stranger.RSA(new(big.Int).Neg(modulus), big.NewInt(65537))},
		{"RSA_without_parameters", stranger.Key("1.2.840.113549.1.1.1", nil, stranger.RSAKey(modulus, big.NewInt(65537)))},
		{"Ed25519_of_31_bytes", stranger.Key("1.3.101.112", nil, make([]byte, 31))},
		{"Ed25519_of_33_bytes", stranger.Key("1.3.101.112", nil, make([]byte, 33))},
		{"Ed25519_with_parameters", stranger.Key("1.3.101.112", []byte{5, 0}, make([]byte, 32))},
		{"P-256_that_is_no_point", stranger.Key("1.2.840.10045.2.1", stranger.OID("1.2.840.10045.3.1.7"), append([]byte{4, 63: 1}, 1))},
		{"P-256_compressed", stranger.Key("1.2.840.10045.2.1", stranger.OID("1.2.840.10045.3.1.7"),
			elliptic.MarshalCompressed(elliptic.P256(), elliptic.P256().Params().Gx, elliptic.P256().Params().Gy))},
		{"P-256_at_infinity", stranger.Key("1.2.840.10045.2.1", stranger.OID("1.2.840.10045.3.1.7"), []byte{0})},
	} {
		cases = append(cases, Case{row: "T26", name: "leaf_key_" + row.name, rules: "3.2", want: stapled.ChainInvalid,
			edit: madeUp(stranger.Certificate{Key: row.key})})
	}
	return cases
}

// weakDelegate makes a staple that a delegate of this key would have signed.
func weakDelegate(key testca.Edit) func(*Maker, *testca.Party) [][]byte {
	return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
		delegate := m.newDelegate(m.ca, key)
		signer := &testca.Party{Cert: delegate.Cert, Key: m.ring.key(testca.P256, "namesake"), Issuer: m.ca}
		return m.staple(leaf, testca.SignedBy(signer, delegate.Cert))
	})
}
