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

// TestIdentityBelow: the chain ends below the first agreed anchor, and otherwise
// stays as it is.
func TestIdentityBelow(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	leaf := ca.Leaf()
	id, err := certs.NewIdentity(append(leaf.Chain(), root.Cert), leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	renewed := root.Intermediate(ending(testca.Now.AddDate(2, 0, 0)))
	for name, row := range map[string]struct {
		agreed *certs.Anchors
		anchor *x509.Certificate
		want   int
	}{
		"nil":          {nil, root.Cert, 2},
		"zero":         {new(certs.Anchors), root.Cert, 2},
		"root":         {anchorsOf(t, root.Cert), root.Cert, 2},
		"other":        {anchorsOf(t, testca.New(testca.Named("Other")).Cert), root.Cert, 2},
		"intermediate": {anchorsOf(t, root.Cert, ca.Cert), ca.Cert, 1},
		"renewed":      {anchorsOf(t, renewed.Cert), ca.Cert, 1},
	} {
		below := id.Below(row.agreed)
		if len(below.Chain) != row.want || !below.Anchor.Equal(row.anchor) || below.Key != id.Key || (row.want == 2) != (below == id) {
			t.Errorf("%s: %d certificates below %s", name, len(below.Chain), below.Anchor.Subject)
		}
		if len(id.Chain) != 2 {
			t.Fatalf("%s: the identity itself has changed", name)
		}
	}
	if below := new(certs.Identity).Below(anchorsOf(t, root.Cert)); len(below.Chain) > 0 {
		t.Error("the zero Identity has a chain")
	}
}
