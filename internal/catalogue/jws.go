// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// signatureCases returns the cases for step 5, the signature of the token.
func signatureCases() []Case {
	cases := []Case{
		{row: "T18", name: "signature_by_another_key", rules: "5.1", edit: signedBy(testca.P256, "other", "ES256")},
		{row: "T18", name: "signature_by_the_key_of_the_intermediate", rules: "5.1", edit: signedBy(testca.P256, "Intermediate", "ES256")},
		{row: "T18", name: "signature_by_another_Ed25519_key", rules: "5.1", leaf: client(testca.Keyed(testca.Ed25519)), edit: signedBy(testca.Ed25519, "other", "EdDSA")},
		{row: "T18", name: "signature_by_another_RSA_key", rules: "5.1", leaf: client(testca.Keyed(testca.RSA2048)), edit: signedBy(testca.RSA2048, "other", "RS256")},
		{row: "T11", name: "signature_of_another_token", rules: "5.1", after: splice(2)},
		{row: "T11", name: "payload_of_another_token", rules: "5.1", after: splice(1)},
		{row: "T11", name: "header_of_another_token", rules: "5.1", after: splice(0)},
		{row: "T18", name: "signature_by_the_key_in_jwk_style_only", rules: "5.1", edit: signedBy(testca.P256, "stranger client", "ES256"),
			comment: "The chain of somebody else, without the key."},
	}
	for i := range cases {
		cases[i].want = stapled.SignatureInvalid
	}
	ecdsaKey := func(t *testca.Token) *ecdsa.PrivateKey { return t.Key.(*ecdsa.PrivateKey) }
	for name, forge := range forgeries(
		"zero", func(t *testca.Token, _, _ *big.Int) []byte { return make([]byte, 64) },
		"with_R_zero", func(t *testca.Token, _, s *big.Int) []byte { return concatenate(ecdsaKey(t), new(big.Int), s) },
		"with_S_zero", func(t *testca.Token, r, _ *big.Int) []byte { return concatenate(ecdsaKey(t), r, new(big.Int)) },
		"with_R_the_order_of_the_curve", func(t *testca.Token, _, s *big.Int) []byte {
			return concatenate(ecdsaKey(t), ecdsaKey(t).Params().N, s)
		},
		"with_S_the_order_of_the_curve", func(t *testca.Token, r, _ *big.Int) []byte {
			return concatenate(ecdsaKey(t), r, ecdsaKey(t).Params().N)
		},
		"with_R_and_S_exchanged", func(t *testca.Token, r, s *big.Int) []byte { return concatenate(ecdsaKey(t), s, r) },
		"with_R_twice", func(t *testca.Token, r, _ *big.Int) []byte { return concatenate(ecdsaKey(t), r, r) },
		"of_63_bytes", func(t *testca.Token, r, s *big.Int) []byte { return concatenate(ecdsaKey(t), r, s)[:63] },
		"of_65_bytes", func(t *testca.Token, r, s *big.Int) []byte { return append(concatenate(ecdsaKey(t), r, s), 0) },
		"at_the_width_of_P-384", func(t *testca.Token, r, s *big.Int) []byte {
			wide := make([]byte, 96)
			r.FillBytes(wide[:48])
			s.FillBytes(wide[48:])
			return wide
		},
		"with_a_bit_flipped", func(t *testca.Token, r, s *big.Int) []byte { return flip(concatenate(ecdsaKey(t), r, s)) },
		"of_one_byte", func(*testca.Token, *big.Int, *big.Int) []byte { return []byte{0} },
		"with_R_and_S_the_order_of_the_curve", func(t *testca.Token, _, _ *big.Int) []byte {
			return concatenate(ecdsaKey(t), ecdsaKey(t).Params().N, ecdsaKey(t).Params().N)
		},
		"of_ones", func(*testca.Token, *big.Int, *big.Int) []byte { return bytes.Repeat([]byte{0xff}, 64) },
		"with_R_and_S_one", func(t *testca.Token, _, _ *big.Int) []byte {
			return concatenate(ecdsaKey(t), big.NewInt(1), big.NewInt(1))
		},
		"with_a_zero_before_each_half", func(t *testca.Token, r, s *big.Int) []byte {
			half := concatenate(ecdsaKey(t), r, s)
			return slices.Concat([]byte{0}, half[:32], []byte{0}, half[32:])
		},
		"that_is_R_only", func(t *testca.Token, r, s *big.Int) []byte { return concatenate(ecdsaKey(t), r, s)[:32] },
	) {
		cases = append(cases, Case{name: "ES256_signature_" + name, rules: "5.1", want: stapled.SignatureInvalid,
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				signature := signJWS(t.Key, "ES256", input)
				return forge(t, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
			}})
	}
	cases = append(cases,
		Case{name: "ES256_signature_in_DER", rules: "5.1", want: stapled.SignatureInvalid,
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				signature, err := repeat(t.Key.(crypto.Signer)).Sign(nil, digestOf(crypto.SHA256, input), crypto.SHA256)
				if err != nil {
					panic(err)
				}
				return signature
			}},
		Case{name: "ES256_signature_of_a_SHA-384_digest", rules: "5.1", want: stapled.SignatureInvalid, sign: signedAs("ES384")},
		Case{name: "ES256_signature_of_the_payload_only", rules: "5.1", want: stapled.SignatureInvalid,
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				return signJWS(t.Key, "ES256", input[bytes.IndexByte(input, '.')+1:])
			}},
		Case{name: "ES256_signature_of_the_decoded_payload", rules: "5.1", want: stapled.SignatureInvalid,
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				payload, err := base64.RawURLEncoding.DecodeString(string(input[bytes.IndexByte(input, '.')+1:]))
				if err != nil {
					panic(err)
				}
				return signJWS(t.Key, "ES256", append(input[:bytes.IndexByte(input, '.')+1:bytes.IndexByte(input, '.')+1], payload...))
			}, comment: "What b64=false (RFC 7797) would ask for."},
		Case{name: "ES256_signature_with_the_complement_of_S", rules: "5.1",
			comment: "(R, n-S) verifies wherever (R, S) does, and the format takes either; jti, not the signature, tells tokens apart.",
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				key, signature := ecdsaKey(t), signJWS(t.Key, "ES256", input)
				s := new(big.Int).SetBytes(signature[32:])
				return concatenate(key, new(big.Int).SetBytes(signature[:32]), s.Sub(key.Params().N, s))
			}},
	)
	return slices.Concat(cases, otherSignatureCases(), mixtureCases())
}

// otherSignatureCases returns the cases for RSA and Ed25519.
func otherSignatureCases() []Case {
	rsaLeaf, edLeaf := client(testca.Keyed(testca.RSA2048)), client(testca.Keyed(testca.Ed25519))
	cases := []Case{
		{name: "RS256_signature_under_PS256", leaf: rsaLeaf, edit: header("alg", "PS256"), sign: signedAs("RS256")},
		{name: "PS256_signature_under_RS256", leaf: rsaLeaf, sign: signedAs("PS256")},
		{name: "RS512_signature_under_RS256", leaf: rsaLeaf, sign: signedAs("RS512")},
		{name: "PS384_signature_under_PS256", leaf: rsaLeaf, edit: header("alg", "PS256"), sign: signedAs("PS384")},
		{name: "PS256_signature_with_a_salt_of_20_bytes", leaf: rsaLeaf, edit: header("alg", "PS256"), sign: salted(20)},
		{name: "PS256_signature_with_a_salt_of_one_byte", leaf: rsaLeaf, edit: header("alg", "PS256"), sign: salted(1)},
		{name: "PS256_signature_with_the_longest_salt", leaf: rsaLeaf, edit: header("alg", "PS256"), sign: salted(rsa.PSSSaltLengthAuto)},
		{name: "RS256_signature_cut_off", leaf: rsaLeaf, sign: changed("RS256", func(s []byte) []byte { return s[:255] })},
		{name: "RS256_signature_with_a_leading_zero", leaf: rsaLeaf, sign: changed("RS256", func(s []byte) []byte { return append([]byte{0}, s...) })},
		{name: "RS256_signature_with_a_bit_flipped", leaf: rsaLeaf, sign: changed("RS256", flip)},
		{name: "RS256_signature_zero", leaf: rsaLeaf, sign: changed("RS256", func(s []byte) []byte { return make([]byte, len(s)) })},
		{name: "RS256_signature_one", leaf: rsaLeaf, sign: changed("RS256", func(s []byte) []byte { return append(make([]byte, len(s)-1), 1) })},
		{name: "RS256_signature_plus_the_modulus", leaf: rsaLeaf, sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
			n := t.Key.(*rsa.PrivateKey).N
			return new(big.Int).Add(n, new(big.Int).SetBytes(signJWS(t.Key, "RS256", input))).Bytes()
		}},
		{name: "PS256_signature_under_PS512", leaf: rsaLeaf, edit: header("alg", "PS512"), sign: signedAs("PS256")},
		{name: "ES512_signature_of_128_bytes", leaf: client(testca.Keyed(testca.P521)),
			sign: changed("ES512", func(s []byte) []byte { return append(s[2:66:66], s[68:]...) })},
		{name: "EdDSA_signature_cut_off", leaf: edLeaf, sign: changed("EdDSA", func(s []byte) []byte { return s[:63] })},
		{name: "EdDSA_signature_with_a_byte_more", leaf: edLeaf, sign: changed("EdDSA", func(s []byte) []byte { return append(s, 0) })},
		{name: "EdDSA_signature_with_a_bit_flipped", leaf: edLeaf, sign: changed("EdDSA", flip)},
		{name: "EdDSA_signature_zero", leaf: edLeaf, sign: changed("EdDSA", func(s []byte) []byte { return make([]byte, len(s)) })},
		{name: "EdDSA_signature_with_S_above_the_order", leaf: edLeaf, sign: changed("EdDSA", aboveOrder),
			comment: "S + L (RFC 8032 §5.1.7)."},
		{name: "EdDSA_signature_of_a_digest", leaf: edLeaf, comment: "Ed25519ph (RFC 8032 §5.1).",
			sign: func(_ *Maker, t *testca.Token, input []byte) []byte {
				signature, err := t.Key.(crypto.Signer).Sign(nil, digestOf(crypto.SHA512, input), &ed25519.Options{Hash: crypto.SHA512})
				if err != nil {
					panic(err)
				}
				return signature
			}},
	}
	for i := range cases {
		cases[i].rules, cases[i].want = "5.1", stapled.SignatureInvalid
	}
	return cases
}

type forgery = func(t *testca.Token, r, s *big.Int) []byte

func forgeries(list ...any) func(func(string, forgery) bool) {
	return func(yield func(string, forgery) bool) {
		for pair := range slices.Chunk(list, 2) {
			if !yield(pair[0].(string), pair[1].(forgery)) {
				return
			}
		}
	}
}

// splice takes a segment from another valid token.
func splice(i int) func(*Maker, string) string {
	return func(m *Maker, raw string) string {
		t := testca.NewToken(m.client, m.staple(m.client, window(-2*lifetime, 2*lifetime)))
		t.Claims.Set("jti", "another")
		segments, others := strings.Split(raw, "."), strings.Split(m.compact(t), ".")
		segments[i] = others[i]
		return strings.Join(segments, ".")
	}
}

// signedAs signs with an algorithm that the header does not name.
func signedAs(alg string) func(*Maker, *testca.Token, []byte) []byte {
	return changed(alg, func(s []byte) []byte { return s })
}

func changed(alg string, change func([]byte) []byte) func(*Maker, *testca.Token, []byte) []byte {
	return func(_ *Maker, t *testca.Token, input []byte) []byte { return change(signJWS(t.Key, alg, input)) }
}

// salted signs as PS256 with a salt length other than the one in RFC 7518 §3.5.
func salted(length int) func(*Maker, *testca.Token, []byte) []byte {
	return func(_ *Maker, t *testca.Token, input []byte) []byte {
		return signInput(t.Key.(crypto.Signer), input, &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: length})
	}
}

// aboveOrder adds the order of the group to S.
func aboveOrder(signature []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(signature[32:])
	slices.Reverse(s)
	sum := new(big.Int).SetBytes(s)
	sum.Add(sum, order).FillBytes(s)
	slices.Reverse(s)
	return append(signature[:32:32], s...)
}

func digestOf(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}
