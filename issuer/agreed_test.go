// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
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
// accepts the token if its anchor is there or above.
func TestAgreedAnchor(t *testing.T) {
	root := testca.New()
	ca := root.Intermediate()
	issuing := ca.Intermediate(testca.Named("Issuing"))
	renewed := ca.Intermediate(testca.Named("Issuing"), testca.Valid(testca.Now.Add(-time.Hour), testca.Now.AddDate(20, 0, 0)))
	leaf := issuing.Leaf()
	all := []*testca.Party{issuing, ca, root} // verifiers, by their anchor
	for _, row := range []struct {
		name    string
		agreed  []*testca.Party // nil for nothing
		staples issuer.StaticStaples
		x5c     int
		ocsp    int
		accept  int // the first so many verifiers
	}{
		{"nothing", nil, fixed(t, leaf), 3, 1, 3},
		{"the issuing CA", []*testca.Party{issuing}, fixed(t, leaf), 1, 1, 1},
		{"the issuing CA, renewed", []*testca.Party{renewed}, fixed(t, leaf), 1, 1, 1},
		{"the CA above", []*testca.Party{ca}, fixed(t, leaf), 2, 1, 2},
		{"both", []*testca.Party{ca, issuing}, fixed(t, leaf), 1, 1, 1},
		{"the root", []*testca.Party{root}, fixed(t, leaf), 3, 1, 3},
		{"another CA", []*testca.Party{testca.New(testca.Named("Other"))}, fixed(t, leaf), 3, 1, 3},
		{"the issuing CA, and staples of the whole chain", []*testca.Party{issuing}, fixed(t, leaf, issuing, ca), 1, 1, 1},
		{"the CA above, and staples of the whole chain", []*testca.Party{ca}, fixed(t, leaf, issuing, ca), 2, 2, 2},
		{"the CA above, and two staples", []*testca.Party{ca}, fixed(t, leaf, issuing), 2, 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			iss := newIssuer(t, leaf, row.staples, func(c *issuer.Config) {
				below(c, root.Cert)
				if row.agreed != nil {
					c.Anchors = anchors(t, row.agreed...)
				}
			})
			raw := sign(t, iss, forOrders)
			header, _ := open(t, raw, leaf.Cert)
			if x5c, ocsp := len(header["x5c"].([]any)), len(header["ocsp"].([]any)); x5c != row.x5c || ocsp != row.ocsp {
				t.Errorf("%d certificates and %d staples, want %d and %d", x5c, ocsp, row.x5c, row.ocsp)
			}
			for i, anchor := range all {
				v, err := verifier.New(verifier.Config{Anchors: anchors(t, anchor), Audience: "orders", Now: func() time.Time { return testca.Now }})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := v.Verify(raw); (err == nil) != (i < row.accept) {
					t.Errorf("a verifier that trusts %s: %v", anchor.Cert.Subject, err)
				}
			}
		})
	}
}

// TestAgreedAnchorAfterRotation: a certificate of a CA that is not agreed keeps
// its whole chain.
func TestAgreedAnchorAfterRotation(t *testing.T) {
	leaf := newParty(testca.P256)
	next := testca.New(testca.Named("Next")).Intermediate(testca.Named("Next intermediate")).Leaf()
	iss := newIssuer(t, leaf, fixed(t, leaf), func(c *issuer.Config) { c.Anchors = anchors(t, leaf.Issuer) })
	for _, step := range []struct {
		leaf *testca.Party
		x5c  int
	}{{leaf, 1}, {next, 2}, {leaf, 1}} {
		if err := iss.Rotate(identity(t, step.leaf), fixed(t, step.leaf)); err != nil {
			t.Fatal(err)
		}
		header, _ := open(t, sign(t, iss, forOrders), step.leaf.Cert)
		if x5c := len(header["x5c"].([]any)); x5c != step.x5c {
			t.Errorf("%s: %d certificates, want %d", step.leaf.Cert.Issuer, x5c, step.x5c)
		}
	}
}

func TestAgreedAnchorRefused(t *testing.T) {
	leaf := newParty(testca.P256)
	cfg := config(t, leaf, fixed(t, leaf))
	cfg.Anchors = new(certs.Anchors)
	if _, err := issuer.New(cfg); !errors.Is(err, stapled.ConfigInvalid) {
		t.Errorf("an empty set: %v", err)
	}
	// More staples than the identity has certificates are a mistake of the source.
	iss := newIssuer(t, leaf, fixed(t, leaf, leaf.Issuer, leaf), func(c *issuer.Config) { c.Anchors = anchors(t, leaf.Issuer) })
	if _, err := iss.Sign(t.Context(), forOrders); !errors.Is(err, stapled.StapleMismatch) {
		t.Errorf("three staples for two certificates: %v", err)
	}
}
