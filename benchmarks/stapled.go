// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/verifier"
)

// callers is the number of clients that take turns on the path "hot".
const callers = 64

// verifierPaths are the paths of Verifier.Verify. All but "cold" use one
// verifier with the default configuration: nothing is turned off, and whatever
// must be new to it is made anew for each operation.
func (s *Setup) verifierPaths() []Path {
	warm := func(kind testca.Kind) func(int) (Operation, error) {
		return func(n int) (Operation, error) {
			raw, err := s.clients[kind].sign(n + 1)
			if err != nil {
				return nil, err
			}
			// Other paths may have evicted the header.
			if err := s.verify(raw[n]); err != nil {
				return nil, err
			}
			return func(i int) error { return s.verify(raw[i]) }, nil
		}
	}
	return []Path{
		{Name: "hot", Does: "token seen before", Raw: "raw_es256", Times: 1, Batch: s.hot()},
		{Name: "warm_es256", Does: "header seen before, new token, ES256", Raw: "raw_es256", Times: 1, Fresh: true, Batch: warm(testca.P256)},
		{Name: "warm_eddsa", Does: "header seen before, new token, EdDSA", Raw: "raw_eddsa", Times: 1, Fresh: true, Batch: warm(testca.Ed25519)},
		// RSA signs fifty times more slowly than it verifies.
		{Name: "warm_rs256", Does: "header seen before, new token, RS256", Raw: "raw_rs256", Times: 1, Fresh: true, Batch: warm(testca.RSA2048), Limit: 300},
		{Name: "restaple", Does: "new staple, known chain", Raw: "raw_es256", Times: 2, Fresh: true, Batch: s.restaple()},
		{Name: "new_leaf", Does: "new leaf and staple, known intermediate", Raw: "raw_es256", Times: 3, Fresh: true, Batch: onTokens(
			func(n int) ([]string, error) {
				return tokens(n, func(int) string { return token(s.newLeaf(s.ca)) }), nil
			}, s.verify)},
		{Name: "cold", Does: "all new, every cache turned off", Raw: "raw_es256", Times: 4, Batch: s.cold()},
		{Name: "cold_cached", Does: "all new, also the intermediate, caches on", Raw: "raw_es256", Times: 4, Fresh: true, Batch: onTokens(
			func(n int) ([]string, error) {
				return tokens(n, func(int) string { return token(s.newLeaf(s.ca.Issuer.Intermediate())) }), nil
			}, s.verify)},
		{Name: "parse_chain", Does: "x509.ParseCertificate, leaf and intermediate", Raw: "raw_es256", Times: 4, Batch: repeated(1, s.parseChain)},
	}
}

func (s *Setup) verify(raw string) error {
	_, err := s.verifier.Verify(raw)
	return err
}

// newLeaf makes a certificate that the verifier has not seen. Its key is not
// new: that makes no difference to a verifier, and saves time.
func (s *Setup) newLeaf(ca *testca.Party) *testca.Party {
	return ca.Leaf(testca.WithKey(s.clients[testca.P256].leaf.Key))
}

// parseChain does what every verifier does with a chain that it has not seen.
func (s *Setup) parseChain(int) error {
	for _, c := range s.clients[testca.P256].leaf.Chain() {
		if _, err := x509.ParseCertificate(c.Raw); err != nil {
			return err
		}
	}
	return nil
}

func (s *Setup) hot() func(int) (Operation, error) {
	raw := tokens(callers, func(int) string { return token(s.newLeaf(s.ca)) })
	return func(int) (Operation, error) {
		for i, raw := range raw {
			if err := s.verify(raw); err != nil {
				return nil, fmt.Errorf("caller %d: %w", i, err)
			}
		}
		return func(i int) error { return s.verify(raw[i%callers]) }, nil
	}
}

func (s *Setup) restaple() func(int) (Operation, error) {
	leaf := s.clients[testca.P256].leaf
	return func(n int) (Operation, error) {
		raw := tokens(n+1, func(int) string { return token(leaf) })
		if err := s.verify(raw[n]); err != nil {
			return nil, err
		}
		return func(i int) error { return s.verify(raw[i]) }, nil
	}
}

func (s *Setup) cold() func(int) (Operation, error) {
	raw := tokens(ring, func(int) string { return token(s.newLeaf(s.ca)) })
	v, err := s.newVerifier(verifier.CacheSizes{Tokens: -1, Headers: -1, Certificates: -1})
	return func(int) (Operation, error) {
		return func(i int) error {
			_, err := v.Verify(raw[i%ring])
			return err
		}, err
	}
}

func (s *Setup) issuerPaths() []Path {
	iss := s.clients[testca.P256].issuer
	return []Path{{
		Name: "sign_es256", Does: "stapled, Issuer.Sign", Raw: "raw_sign_es256", Times: 1,
		Batch: repeated(1, func(int) error {
			_, err := iss.Sign(context.Background(), issuer.Claims{Audience: []string{audience}, Subject: subject})
			return err
		}),
	}}
}
