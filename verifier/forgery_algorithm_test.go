// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// algorithmForgeries are T1: alg names no algorithm that is allowed.
var algorithmForgeries = []forgery{
	{row: "T01", name: "none with a signature", want: stapled.AlgorithmRejected, edit: setHeader("alg", "none")},
	{row: "T01", name: "none without a signature", want: stapled.Malformed, edit: func(_ *world, t *testca.Token) {
		t.Header.Set("alg", "none")
		t.Alg = "none"
	}},
	{row: "T01", name: "NONE", want: stapled.AlgorithmRejected, edit: setHeader("alg", "NONE")},
	{row: "T01", name: "nOnE", want: stapled.AlgorithmRejected, edit: setHeader("alg", "nOnE")},
	{row: "T01", name: "HS256 with the PEM of the leaf's key", want: stapled.AlgorithmRejected, edit: func(w *world, t *testca.Token) {
		hmacWith(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: w.leaf.Cert.RawSubjectPublicKeyInfo}))
	}},
	{row: "T01", name: "HS256 with the DER of the leaf's key", want: stapled.AlgorithmRejected, edit: func(w *world, t *testca.Token) {
		hmacWith(t, w.leaf.Cert.RawSubjectPublicKeyInfo)
	}},
	{row: "T01", name: "HS256 with the point of the leaf's key", want: stapled.AlgorithmRejected, edit: func(w *world, t *testca.Token) {
		hmacWith(t, testca.KeyBits(w.leaf.Cert))
	}},
	{row: "T01", name: "HS256 with an empty secret", want: stapled.AlgorithmRejected, edit: func(_ *world, t *testca.Token) { hmacWith(t, nil) }},
	{row: "T01", name: "HS512", want: stapled.AlgorithmRejected, edit: setHeader("alg", "HS512")},
	{row: "T01", name: "unknown", want: stapled.AlgorithmRejected, edit: setHeader("alg", "ES257")},
	{row: "T01", name: "ES256K", want: stapled.AlgorithmRejected, edit: setHeader("alg", "ES256K")},
	{row: "T01", name: "RS1", want: stapled.AlgorithmRejected, edit: setHeader("alg", "RS1")},
	{row: "T01", name: "an encryption algorithm", want: stapled.AlgorithmRejected, edit: setHeader("alg", "RSA-OAEP-256")},
	{row: "T01", name: "lower case", want: stapled.AlgorithmRejected, edit: setHeader("alg", "es256")},
	{row: "T01", name: "white space", want: stapled.AlgorithmRejected, edit: setHeader("alg", "ES256 ")},
	{row: "T01", name: "NUL", want: stapled.AlgorithmRejected, edit: setHeader("alg", "ES256\x00")},
	{row: "T01", name: "empty", want: stapled.AlgorithmRejected, edit: setHeader("alg", "")},
	{row: "T01", name: "absent", want: stapled.AlgorithmRejected, edit: dropHeader("alg")},
	{row: "T01", name: "null", want: stapled.Malformed, edit: setHeader("alg", nil)},
	{row: "T01", name: "a number", want: stapled.Malformed, edit: setHeader("alg", 256)},
	{row: "T01", name: "an array", want: stapled.Malformed, edit: setHeader("alg", []string{"ES256"})},
	{row: "T01", name: "not in the configuration", want: stapled.AlgorithmRejected,
		config: func(_ *world, cfg *Config) { cfg.Algorithms = []string{string(jose.ES256), string(jose.EdDSA)} },
		leaf:   leafOf(testca.Keyed(testca.P384))},
}

func hmacWith(t *testca.Token, secret []byte) {
	t.Header.Set("alg", "HS256")
	t.Alg, t.Key = "HS256", secret
}

// claimsAlg makes a leaf of a kind sign as it does, and its header say alg.
func claimsAlg(kind testca.Kind, alg string) forgery {
	return forgery{row: "T02", name: alg + " over " + string(kind), want: stapled.KeyMismatch,
		leaf: leafOf(testca.Keyed(kind)), edit: setHeader("alg", alg)}
}

// signsBy makes a leaf of a kind sign by one algorithm, and its header say another.
func signsBy(kind testca.Kind, header, by string) forgery {
	return forgery{row: "T02", name: "header " + header + " signed by " + by, want: stapled.SignatureInvalid,
		leaf: leafOf(testca.Keyed(kind)), edit: func(_ *world, t *testca.Token) {
			t.Header.Set("alg", header)
			t.Alg = by
		}}
}

// resigned makes a leaf of a kind sign, and another signature of it.
func resigned(name string, kind testca.Kind, change func(w *world, signature, input []byte) []byte) forgery {
	return forgery{row: "T02", name: name, want: stapled.SignatureInvalid, party: leafOf(testca.Keyed(kind)),
		edit: setClaim("jti", "forged"),
		after: func(w *world, raw, _ string) string {
			i := strings.LastIndexByte(raw, '.')
			signature, err := base64.RawURLEncoding.DecodeString(raw[i+1:])
			if err != nil {
				panic(err)
			}
			return raw[:i+1] + base64.RawURLEncoding.EncodeToString(change(w, signature, []byte(raw[:i])))
		}}
}

func ecdsaKey(kind testca.Kind) *ecdsa.PrivateKey {
	return testca.Key(kind, "client").(*ecdsa.PrivateKey)
}

// order is that of P-256, as 32 bytes.
var order = ecdsaKey(testca.P256).Params().N.Bytes()

// signatureForgeries are T2: alg, key and the form of the signature.
var signatureForgeries = []forgery{
	claimsAlg(testca.P384, "ES256"), claimsAlg(testca.P521, "ES256"),
	claimsAlg(testca.P256, "ES384"), claimsAlg(testca.P256, "ES512"), claimsAlg(testca.P521, "ES384"),
	claimsAlg(testca.P256, "RS256"), claimsAlg(testca.P256, "PS256"), claimsAlg(testca.P256, "EdDSA"),
	claimsAlg(testca.RSA2048, "ES256"), claimsAlg(testca.RSA2048, "EdDSA"),
	claimsAlg(testca.Ed25519, "ES256"), claimsAlg(testca.Ed25519, "RS256"),
	{row: "T02", name: "ES256 made by P-384", want: stapled.KeyMismatch, leaf: leafOf(testca.Keyed(testca.P384)),
		edit: func(_ *world, t *testca.Token) {
			t.Header.Set("alg", "ES256")
			t.Alg = "ES256"
		}},
	signsBy(testca.RSA2048, "PS256", "RS256"), signsBy(testca.RSA2048, "RS256", "PS256"),
	signsBy(testca.RSA2048, "RS256", "RS512"), signsBy(testca.RSA2048, "PS512", "PS256"),
	signsBy(testca.P256, "ES256", "ES384"),

	resigned("ES256 as DER", testca.P256, func(_ *world, _, input []byte) []byte {
		digest := sha256.Sum256(input)
		der, err := ecdsa.SignASN1(rand.Reader, ecdsaKey(testca.P256), digest[:])
		if err != nil {
			panic(err)
		}
		return der
	}),
	resigned("r zero", testca.P256, func(_ *world, s, _ []byte) []byte { return append(make([]byte, 32), s[32:]...) }),
	resigned("s zero", testca.P256, func(_ *world, s, _ []byte) []byte { return append(s[:32:32], make([]byte, 32)...) }),
	resigned("r and s zero", testca.P256, func(_ *world, s, _ []byte) []byte { return make([]byte, 64) }),
	resigned("r the order", testca.P256, func(_ *world, s, _ []byte) []byte { return append(bytes.Clone(order), s[32:]...) }),
	resigned("s the order", testca.P256, func(_ *world, s, _ []byte) []byte { return append(s[:32:32], order...) }),
	resigned("r and s the order", testca.P256, func(_ *world, s, _ []byte) []byte { return append(bytes.Clone(order), order...) }),
	resigned("r and s all ones", testca.P256, func(_ *world, s, _ []byte) []byte { return bytes.Repeat([]byte{0xff}, 64) }),
	resigned("r and s one", testca.P256, func(_ *world, s, _ []byte) []byte {
		one := make([]byte, 64)
		one[31], one[63] = 1, 1
		return one
	}),
	resigned("one byte short", testca.P256, func(_ *world, s, _ []byte) []byte { return s[:63] }),
	resigned("one byte long", testca.P256, func(_ *world, s, _ []byte) []byte { return append(s, 0) }),
	resigned("both halves with a leading zero", testca.P256, func(_ *world, s, _ []byte) []byte {
		return append(append(append([]byte{0}, s[:32]...), 0), s[32:]...)
	}),
	resigned("r only", testca.P256, func(_ *world, s, _ []byte) []byte { return s[:32] }),
	resigned("one byte", testca.P256, func(_ *world, s, _ []byte) []byte { return []byte{0} }),
	resigned("r and s exchanged", testca.P256, func(_ *world, s, _ []byte) []byte { return append(s[32:], s[:32]...) }),
	resigned("ES512 with 128 bytes", testca.P521, func(_ *world, s, _ []byte) []byte { return append(s[2:66:66], s[68:]...) }),
	resigned("Ed25519 with s plus the order", testca.Ed25519, func(_ *world, s, _ []byte) []byte {
		// The order of the base point, little-endian as in RFC 8032 §5.1.
		l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
		sum := l.Add(l, new(big.Int).SetBytes(reversed(s[32:])))
		return append(s[:32:32], reversed(sum.FillBytes(make([]byte, 32)))...)
	}),
	resigned("Ed25519 zero", testca.Ed25519, func(_ *world, s, _ []byte) []byte { return make([]byte, 64) }),
	resigned("Ed25519 short", testca.Ed25519, func(_ *world, s, _ []byte) []byte { return s[:63] }),
	resigned("Ed25519ph", testca.Ed25519, func(_ *world, _, input []byte) []byte {
		digest := sha512.Sum512(input)
		return testca.SignJWS(testca.Key(testca.Ed25519, "client"), "EdDSA", digest[:])
	}),
	resigned("RSA with a leading zero", testca.RSA2048, func(_ *world, s, _ []byte) []byte { return append([]byte{0}, s...) }),
	resigned("RSA plus the modulus", testca.RSA2048, func(_ *world, s, _ []byte) []byte {
		n := testca.Key(testca.RSA2048, "client").Public().(*rsa.PublicKey).N
		return new(big.Int).Add(n, new(big.Int).SetBytes(s)).Bytes()
	}),
	resigned("RSA zero", testca.RSA2048, func(_ *world, s, _ []byte) []byte { return make([]byte, len(s)) }),
	resigned("RSA one", testca.RSA2048, func(_ *world, s, _ []byte) []byte { return append(make([]byte, len(s)-1), 1) }),
	{row: "T02", name: "PSS with a short salt", want: stapled.SignatureInvalid, leaf: leafOf(testca.Keyed(testca.RSA2048)),
		edit:  setHeader("alg", "PS256"),
		after: func(_ *world, raw, _ string) string { return signPSS(raw, 20) }},
	{row: "T02", name: "PSS with the longest salt", want: stapled.SignatureInvalid, leaf: leafOf(testca.Keyed(testca.RSA2048)),
		edit:  setHeader("alg", "PS256"),
		after: func(_ *world, raw, _ string) string { return signPSS(raw, rsa.PSSSaltLengthAuto) }},
}

func signPSS(raw string, salt int) string {
	i := strings.LastIndexByte(raw, '.')
	digest := sha256.Sum256([]byte(raw[:i]))
	key := testca.Key(testca.RSA2048, "client")
	signature, err := key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{Hash: 5, SaltLength: salt})
	if err != nil {
		panic(err)
	}
	return raw[:i+1] + base64.RawURLEncoding.EncodeToString(signature)
}

func reversed(b []byte) []byte {
	r := make([]byte, len(b))
	for i, c := range b {
		r[len(b)-1-i] = c
	}
	return r
}

// spliceForgeries are T11 and T18: valid parts that do not belong together.
var spliceForgeries = []forgery{
	{row: "T11", name: "payload of another token", want: stapled.SignatureInvalid, edit: setClaim("sub", "somebody"),
		after: func(_ *world, raw, honest string) string { return splice(honest, raw, honest) }},
	{row: "T11", name: "signature of another token", want: stapled.SignatureInvalid, edit: setClaim("sub", "somebody"),
		after: func(_ *world, raw, honest string) string { return splice(raw, raw, honest) }},
	{row: "T11", name: "header of another token", want: stapled.SignatureInvalid, edit: addHeader("x", "another header"),
		after: func(_ *world, raw, honest string) string { return splice(raw, honest, honest) }},
	{row: "T11", name: "header of another party", want: stapled.SignatureInvalid,
		after: func(w *world, _, honest string) string { return splice(w.other.Token(), honest, honest) }},
	{row: "T11", name: "payload and signature of another party", want: stapled.SignatureInvalid,
		after: func(w *world, _, honest string) string {
			other := w.other.Token()
			return splice(honest, other, other)
		}},
	{row: "T11", name: "header with a fresher staple", want: stapled.SignatureInvalid,
		edit:  func(w *world, t *testca.Token) { t.Header.Set("ocsp", encodeStaples(w.leaf.Staple())) },
		after: func(_ *world, raw, honest string) string { return splice(raw, honest, honest) }},
	{row: "T11", name: "header and payload exchanged", want: stapled.TypeRejected,
		after: func(_ *world, _, honest string) string { return splice(honest, honest, honest, 1, 0, 2) }},

	{row: "T18", name: "signed by another key of the CA", want: stapled.SignatureInvalid,
		edit: func(w *world, t *testca.Token) { t.Key = w.other.Key }},
	{row: "T18", name: "signed by the CA", want: stapled.SignatureInvalid,
		edit: func(w *world, t *testca.Token) { t.Key = w.intermediate.Key }},
	{row: "T18", name: "signature by another token of the same header", want: stapled.SignatureInvalid, edit: setClaim("jti", "forged"),
		after: func(_ *world, raw, honest string) string { return splice(raw, raw, honest) }},
	{row: "T18", name: "another payload with the signature left alone", want: stapled.SignatureInvalid,
		after: func(_ *world, _, honest string) string {
			claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"spiffe://test.example/client","aud":"orders"}`))
			return splice(honest, "."+claims+".", honest)
		}},
}

// splice takes header, payload and signature from one token each; indices
// choose other segments of them.
func splice(header, payload, signature string, indices ...int) string {
	if indices == nil {
		indices = []int{0, 1, 2}
	}
	parts := make([]string, 3)
	for i, raw := range []string{header, payload, signature} {
		parts[i] = strings.Split(raw, ".")[indices[i]]
	}
	return strings.Join(parts, ".")
}
