// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

func ecdsaKey(key crypto.Signer) *ecdsa.PrivateKey { return key.(*ecdsa.PrivateKey) }

func rsaKey(key crypto.Signer) *rsa.PrivateKey { return key.(*rsa.PrivateKey) }

// suits has the algorithms of each kind of key, the preferred one first.
var suits = map[testca.Kind][]jose.SignatureAlgorithm{
	testca.P256:    {jose.ES256},
	testca.P384:    {jose.ES384},
	testca.P521:    {jose.ES512},
	testca.Ed25519: {jose.EdDSA},
	testca.RSA2048: {jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512},
}

func TestAlgorithms(t *testing.T) {
	all := append(certs.Algorithms(), "none", "NONE", "", "HS256", "HS384", "HS512", "ES256K", "ES224", "RS1", "eddsa", "es256")
	for _, kind := range testca.Kinds() {
		pub := testca.Key(kind, "algorithms").Public()
		for _, alg := range all {
			t.Run(string(kind)+"/"+string(alg), func(t *testing.T) {
				err := certs.CheckAlgorithm(pub, alg)
				if want := slices.Contains(suits[kind], alg); want != (err == nil) || !want && !errors.Is(err, certs.ErrKeyMismatch) {
					t.Error(err)
				}
			})
		}
		if alg, err := certs.AlgorithmFor(pub); err != nil || alg != suits[kind][0] {
			t.Errorf("%s: %s, %v", kind, alg, err)
		}
		if err := certs.CheckKey(pub); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, alg := range all {
		hash, err := certs.Hash(alg)
		want := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg[max(0, len(alg)-3):])]
		if slices.Contains(certs.Algorithms(), alg) != (err == nil) || err == nil && hash != want || err != nil && !errors.Is(err, certs.ErrAlgorithm) {
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
			if err := certs.CheckKey(pub); !errors.Is(err, certs.ErrWeakKey) {
				t.Error(err)
			}
			if alg, err := certs.AlgorithmFor(pub); !errors.Is(err, certs.ErrWeakKey) || alg != "" {
				t.Errorf("%q, %v", alg, err)
			}
		})
	}
	for _, bits := range []int{2048, 3072, 4096} {
		if err := certs.CheckKey(testca.OversizedRSA(bits)); err != nil {
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
		err := certs.CheckSignatureAlgorithm(alg)
		if slices.Contains(good, alg) != (err == nil) || err != nil && !errors.Is(err, certs.ErrAlgorithm) {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestForgeriesOfX5C(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	x5c := certs.EncodeX5C(leaf.Chain())
	chain, err := certs.ParseX5C(x5c)
	if err != nil || !slices.EqualFunc(chain, leaf.Chain(), (*x509.Certificate).Equal) {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if !slices.Equal(certs.EncodeX5C(chain), x5c) {
		t.Error("decoding and encoding gives something else")
	}
	if id := certs.KeyID(leaf.Cert); len(id) != 43 || id == certs.KeyID(leaf.Issuer.Cert) {
		t.Errorf("key identifier %q", id)
	}

	// A DER of each length modulo 3, so that there is padding to tamper with.
	der := leaf.Cert.Raw
	encode := base64.StdEncoding.EncodeToString
	padded := encode(append(slices.Clone(der), make([]byte, 3-len(der)%3+1)...)) // ends in "=="
	rows := []struct {
		name, value string
		want        error
	}{
		{"empty", "", certs.ErrEncoding},
		{"null", "null", certs.ErrChain},
		{"base64url", strings.NewReplacer("+", "-", "/", "_").Replace(encode([]byte{0xfb, 0xff, 0xfe})), certs.ErrEncoding},
		{"without_padding", strings.TrimRight(padded, "="), certs.ErrEncoding},
		{"stray_trailing_bits", padded[:len(padded)-3] + "B==", certs.ErrEncoding},
		{"line_break_at_the_end", x5c[0] + "\n", certs.ErrEncoding},
		{"line_break_inside", x5c[0][:64] + "\r\n" + x5c[0][64:], certs.ErrEncoding},
		{"space_inside", x5c[0][:64] + " " + x5c[0][64:], certs.ErrEncoding},
		{"PEM", string(pemOf(leaf.Cert)), certs.ErrEncoding},
		{"PEM_in_base64", encode(pemOf(leaf.Cert)), certs.ErrChain},
		{"twice_in_base64", encode([]byte(x5c[0])), certs.ErrChain},
		{"trailing_bytes", encode(append(slices.Clone(der), 0)), certs.ErrChain},
		{"cut_short", encode(der[:len(der)-1]), certs.ErrChain},
		{"65_names", encode(named(65).Raw), certs.ErrChain},
		{"1_MiB_of_zeros", encode(make([]byte, 1<<20)), certs.ErrChain},
	}
	for _, row := range rows {
		t.Run("T04_"+row.name, func(t *testing.T) {
			if chain, err := certs.ParseX5C([]string{x5c[0], row.value}); !errors.Is(err, row.want) || chain != nil {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := certs.ParseDER(append(slices.Clone(der), 0)); !errors.Is(err, certs.ErrChain) {
		t.Errorf("trailing byte: %v", err)
	}
}

// named is a leaf of so many names.
func named(n int) *x509.Certificate {
	return testca.New().Leaf(func(t *testca.Template) {
		t.URIs, t.DNSNames = nil, nil
		for i := range n {
			t.DNSNames = append(t.DNSNames, fmt.Sprintf("%d.good.example", i))
		}
	}).Cert
}

func TestNamesLimit(t *testing.T) {
	if _, err := certs.ParseDER(named(certs.MaxNames).Raw); err != nil {
		t.Errorf("%d names: %v", certs.MaxNames, err)
	}
}

func TestNewIdentity(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	leaf := ca.Leaf()
	// A new key of the root, certified by the old one, which is the anchor: it
	// names itself as its issuer, and did not sign itself.
	renewed := root.Intermediate(testca.Named("Root"), testca.WithKey(testca.Key(testca.P256, "new")))
	renewedLeaf := renewed.Leaf()
	deep := root
	for i := range 6 {
		deep = deep.Intermediate(testca.Named(string(rune('A' + i))))
	}
	rows := []struct {
		name  string
		chain []*x509.Certificate
		key   crypto.Signer
		want  int // certificates, or 0 for an error
		err   error
	}{
		{"chain", leaf.Chain(), leaf.Key, 2, nil},
		{"root_at_the_end_is_dropped", append(leaf.Chain(), root.Cert), leaf.Key, 2, nil},
		{"self_signed_leaf", []*x509.Certificate{root.Cert}, root.Key, 1, nil},
		{"renewed_root_is_kept", renewedLeaf.Chain(), renewedLeaf.Key, 2, nil},
		{"empty", nil, leaf.Key, 0, certs.ErrChain},
		{"too_long", deep.Leaf().Chain(), leaf.Key, 0, certs.ErrChain},
		{"key_of_another", leaf.Chain(), ca.Key, 0, certs.ErrKeyMismatch},
		{"key_of_another_kind", leaf.Chain(), testca.Key(testca.Ed25519, "other"), 0, certs.ErrKeyMismatch},
		{"certificate_with_a_key_of_no_known_kind", []*x509.Certificate{{}}, leaf.Key, 0, certs.ErrKeyMismatch},
		{"no_key", leaf.Chain(), nil, 0, certs.ErrKeyMismatch},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			id, err := certs.NewIdentity(row.chain, row.key)
			if row.want == 0 {
				if !errors.Is(err, row.err) || id != nil {
					t.Errorf("%v, %v", id, err)
				}
			} else if err != nil || len(id.Chain) != row.want {
				t.Errorf("%v, %v", id, err)
			}
		})
	}
}
