// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"crypto"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestNewIdentity(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	leaf := ca.Leaf()
	// A new root key certified by the old one, which is the anchor: the
	// certificate names itself as its issuer, but is not self-signed.
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
		{"empty", nil, leaf.Key, 0, stapled.ChainInvalid},
		{"too_long", deep.Leaf().Chain(), leaf.Key, 0, stapled.ChainInvalid},
		{"key_of_another", leaf.Chain(), ca.Key, 0, stapled.KeyMismatch},
		{"key_of_another_kind", leaf.Chain(), testca.Key(testca.Ed25519, "other"), 0, stapled.KeyMismatch},
		{"certificate_with_a_key_of_no_known_kind", []*x509.Certificate{{}}, leaf.Key, 0, stapled.KeyMismatch},
		{"no_key", leaf.Chain(), nil, 0, stapled.KeyMismatch},
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
