// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
)

// acceptedCases returns what must not be rejected: every algorithm, wherever
// it may occur. Other files hold the accepted cases for their rules.
func acceptedCases() []Case {
	cases := []Case{
		{name: "usual_token", rules: "2.2 3.6 5.1 4.1 6.1 6.8 7.3 7.4"},
		{name: "chain_of_one_certificate", rules: "3.3 4.1", leaf: belowRoot},
		{name: "chain_of_five_certificates_with_five_staples", rules: "1.6 4.1 6.1", leaf: deep(4), policy: wholeChain,
			staples: func(m *Maker, leaf *testca.Party) [][]byte {
				var staples [][]byte
				for p := leaf; p.Issuer != nil; p = p.Issuer {
					staples = append(staples, m.staple(p))
				}
				return staples
			}},
		{name: "chain_with_staples_by_delegates", rules: "6.1 6.9", policy: wholeChain, staples: func(m *Maker, leaf *testca.Party) [][]byte {
			var staples [][]byte
			for p := leaf; p.Issuer != nil; p = p.Issuer {
				delegate := m.newDelegate(p.Issuer)
				staples = append(staples, m.staple(p, testca.SignedBy(delegate, delegate.Cert)))
			}
			return staples
		}},
		{name: "anchors_of_one_name_without_a_key_identifier", rules: "4.1", anchors: []string{"root", "root-next"}, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(nextRoot(m), func(t *testca.Template) { t.NoAuthorityKeyID = true }))
		}},
		{name: "intermediate_without_key_usage", rules: "4.1", leaf: below(func(t *testca.Template) { t.KeyUsage = 0 })},
		{name: "intermediate_that_is_self-issued", rules: "3.3 4.1", leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.ca)) }},
		{name: "leaf_with_another_signature", rules: "4.1", leaf: func(m *Maker) *testca.Party { return mauled(m.newLeaf(m.ca)) },
			comment: "With S, the order minus S is a signature too."},
		{name: "aud_of_64_strings", rules: "7.2 7.4", leaf: shortest,
			edit: claim("aud", append(slices.Repeat([]string{"other"}, 63), "orders"))},
		{name: "members_in_another_order", rules: "1.4", edit: reverse},
	}
	for _, row := range []struct {
		kind testca.Kind
		algs []string
	}{
		{testca.P256, []string{"ES256"}},
		{testca.P384, []string{"ES384"}},
		{testca.P521, []string{"ES512"}},
		{testca.Ed25519, []string{"EdDSA"}},
		{testca.RSA2048, []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
	} {
		for _, alg := range row.algs {
			cases = append(cases, Case{name: "token_signed_with_" + alg, rules: "2.2 3.6 5.1",
				leaf: client(testca.Keyed(row.kind)), edit: algorithm(alg)})
		}
		name := "root-" + strings.ToLower(strings.NewReplacer(" ", "-", "-", "").Replace(string(row.kind)))
		cases = append(cases, Case{name: "all_keys_" + string(row.kind), rules: "3.4 3.5 3.6 5.1 4.1 6.7",
			anchors: []string{name},
			leaf: func(m *Maker) *testca.Party {
				root := m.anchor(name, "A root with a key "+string(row.kind)+".", m.newRoot(testca.Named(name), testca.Keyed(row.kind)))
				return m.newLeaf(m.newCA(root, testca.Keyed(row.kind)), testca.Keyed(row.kind))
			},
			policy: wholeChain, staples: withIntermediate()})
	}
	ecdsa := []x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}
	for _, row := range []struct {
		kind       testca.Kind
		algorithms []x509.SignatureAlgorithm
	}{
		{testca.P256, ecdsa},
		{testca.P384, ecdsa},
		{testca.P521, ecdsa},
		{testca.Ed25519, []x509.SignatureAlgorithm{x509.PureEd25519}},
		{testca.RSA2048, []x509.SignatureAlgorithm{
			x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
			x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		}},
	} {
		for _, a := range row.algorithms {
			suffix := fmt.Sprintf("_with_%s_by_a_key_%s", a, row.kind)
			sign := func(r *testca.Response) { r.Algorithm = a }
			cases = append(cases,
				Case{name: "leaf_signed" + suffix, rules: "3.5 4.1", leaf: func(m *Maker) *testca.Party {
					return m.newLeaf(m.newCA(m.root, testca.Keyed(row.kind)), signedWith(a))
				}},
				Case{name: "staple_signed" + suffix, rules: "6.7 6.8", leaf: below(testca.Keyed(row.kind)), staples: oneStaple(sign)},
				Case{name: "staple_of_a_delegate_signed" + suffix, rules: "6.7 6.9",
					staples: by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca, testca.Keyed(row.kind)) }, sign)},
				Case{name: "delegate_certified" + suffix, rules: "6.9", leaf: below(testca.Keyed(row.kind)),
					staples: by(func(m *Maker, leaf *testca.Party) *testca.Party { return m.newDelegate(leaf.Issuer, signedWith(a)) })})
		}
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		cases = append(cases, Case{name: "certid_under_" + hash.String(), rules: "6.6", staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.Singles[0] = testca.NewSingle(leaf.Cert, m.ca.Cert, hash) })
		})})
	}
	return append(cases,
		Case{name: "certid_hash_without_parameters", rules: "6.6",
			staples: oneStaple(inside("hashAlgorithm", func(der []byte) []byte { return der[:len(der)-2] }))},
		Case{name: "staple_algorithm_RSA_without_parameters", rules: "6.7", leaf: below(testca.Keyed(testca.RSA2048)),
			staples: oneStaple(inside("signatureAlgorithm", func(der []byte) []byte { return der[:len(der)-2] }))},
	)
}

// reverse reverses the members of the header and the payload.
func reverse(_ *Maker, t *testca.Token) {
	for _, members := range []testca.Members{t.Header, t.Claims} {
		for i, j := 0, len(members)-1; i < j; i, j = i+1, j-1 {
			members[i], members[j] = members[j], members[i]
		}
	}
}
