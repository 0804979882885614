// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certkey_test

import (
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/testca"
)

// suits has the algorithms of each kind of key, the preferred one first.
var suits = map[testca.Kind][]jose.SignatureAlgorithm{
	testca.P256:    {jose.ES256},
	testca.P384:    {jose.ES384},
	testca.P521:    {jose.ES512},
	testca.Ed25519: {jose.EdDSA},
	testca.RSA2048: {jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512},
}

func TestAlgorithms(t *testing.T) {
	all := append(certkey.Algorithms(), "none", "NONE", "", "HS256", "HS384", "HS512", "ES256K", "ES224", "RS1", "eddsa", "es256")
	for _, kind := range testca.Kinds() {
		pub := testca.Key(kind, "algorithms").Public()
		for _, alg := range all {
			t.Run(string(kind)+"/"+string(alg), func(t *testing.T) {
				err := certkey.CheckAlgorithm(pub, alg)
				if want := slices.Contains(suits[kind], alg); want != (err == nil) || !want && !errors.Is(err, stapled.KeyMismatch) {
					t.Error(err)
				}
			})
		}
		if alg, err := certkey.AlgorithmFor(pub); err != nil || alg != suits[kind][0] {
			t.Errorf("%s: %s, %v", kind, alg, err)
		}
		if err := certkey.Check(pub); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, alg := range all {
		hash, err := certkey.Hash(alg)
		want := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg[max(0, len(alg)-3):])]
		if slices.Contains(certkey.Algorithms(), alg) != (err == nil) || err == nil && hash != want || err != nil && !errors.Is(err, stapled.AlgorithmRejected) {
			t.Errorf("%s: %s, %v", alg, hash, err)
		}
	}
}

func TestForgeriesOfKeys(t *testing.T) {
	for name, pub := range map[string]crypto.PublicKey{
		"RSA_1024":        testca.Key(testca.RSA1024, "weak").Public(),
		"RSA_2047":        testca.OversizedRSA(2047),
		"RSA_4097":        testca.OversizedRSA(4097),
		"RSA_16384":       testca.OversizedRSA(16384),
		"P224":            testca.Key(testca.P224, "weak").Public(),
		"private_key":     testca.Key(testca.P256, "weak"),
		"symmetric":       []byte("secret"),
		"nothing":         nil,
		"pointer_to_none": (*int)(nil),
	} {
		t.Run(name, func(t *testing.T) {
			if err := certkey.Check(pub); !errors.Is(err, stapled.AlgorithmRejected) {
				t.Error(err)
			}
			if alg, err := certkey.AlgorithmFor(pub); !errors.Is(err, stapled.AlgorithmRejected) || alg != "" {
				t.Errorf("%q, %v", alg, err)
			}
		})
	}
	for _, bits := range []int{2048, 3072, 4096} {
		if err := certkey.Check(testca.OversizedRSA(bits)); err != nil {
			t.Errorf("RSA %d: %v", bits, err)
		}
	}
}

func TestCheckSignatureAlgorithm(t *testing.T) {
	good := []x509.SignatureAlgorithm{
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519,
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
	}
	for alg := x509.UnknownSignatureAlgorithm; alg < 100; alg++ {
		err := certkey.CheckSignatureAlgorithm(alg)
		if slices.Contains(good, alg) != (err == nil) || err != nil && !errors.Is(err, stapled.AlgorithmRejected) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}
