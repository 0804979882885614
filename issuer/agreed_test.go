// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/verifier"
)

func anchors(tb testing.TB, list ...*testca.Party) *certs.Anchors {
	tb.Helper()
	var trusted []*x509.Certificate
	for _, p := range list {
		trusted = append(trusted, p.Cert)
	}
	set, err := certs.NewAnchors(trusted...)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// TestAgreedAnchor: x5c ends below the first agreed anchor, and a verifier
// accepts the token if its anchor is there or above; the longest token is for
// all.
func TestAgreedAnchor(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	issuing := ca.Intermediate(testca.Named("Issuing"))
	renewed := ca.Intermediate(testca.Named("Issuing"), testca.Valid(testca.Now.Add(-time.Hour), testca.Now.AddDate(20, 0, 0)))
	leaf := issuing.Leaf()
	all := []*testca.Party{issuing, ca, root} // verifiers, by their anchor
	for _, row := range []struct {
		name   string
		agreed []*testca.Party // nil for nothing
		want   int             // certificates in x5c, and verifiers that accept
	}{
		{"nothing", nil, 3},
		{"the issuing CA", []*testca.Party{issuing}, 1},
		{"the issuing CA, renewed", []*testca.Party{renewed}, 1},
		{"the CA above", []*testca.Party{ca}, 2},
		{"both", []*testca.Party{ca, issuing}, 1},
		{"the root", []*testca.Party{root}, 3},
		{"another CA", []*testca.Party{testca.New(testca.Named("Other"))}, 3},
	} {
		for _, stapleChain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, whole chain stapled %t", row.name, stapleChain), func(t *testing.T) {
				id := identity(t, leaf)
				id.Anchor = root.Cert
				if row.agreed != nil {
					id = id.Below(anchors(t, row.agreed...))
				}
				stapled := []*testca.Party{leaf, issuing, ca}[:row.want]
				if !stapleChain {
					stapled = stapled[:1]
				}
				raw := sign(t, newIssuer(t, leaf, fixed(t, stapled...), func(c *issuer.Config) { c.Identity = id }), forOrders)
				header, _ := open(t, raw, leaf.Cert)
				if x5c, ocsp := len(header["x5c"].([]any)), len(header["ocsp"].([]any)); x5c != row.want || ocsp != len(stapled) {
					t.Errorf("%d certificates and %d staples, want %d and %d", x5c, ocsp, row.want, len(stapled))
				}
				for i, anchor := range all {
					v, err := verifier.New(verifier.Config{
						Anchors: anchors(t, anchor), Audience: "orders", StapleChain: stapleChain, Now: func() time.Time { return testca.Now },
					})
					if err != nil {
						t.Fatal(err)
					}
					if _, err := v.Verify(raw); (err == nil) != (i < row.want) {
						t.Errorf("a verifier that trusts %s: %v", anchor.Cert.Subject, err)
					}
				}
			})
		}
	}
}
