// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier_test

import (
	"slices"
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// TestNames: only names within the scope are names of a token, and nobody can
// change them.
func TestNames(t *testing.T) {
	ca := stapledtest.NewCA(t)
	id := ca.Identity("orders.internal", "https://orders.internal", "orders.other")
	raw := ca.Token(id, issuer.Claims{Audience: []string{"billing"}})
	for _, row := range []struct{ scope, want []string }{
		{nil, []string{"https://orders.internal", "orders.internal", "orders.other"}},
		{[]string{".internal", "https://orders.internal"}, []string{"https://orders.internal", "orders.internal"}},
		{[]string{"https://orders.internal"}, []string{"https://orders.internal"}},
	} {
		anchors, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: ca.Anchors().Certificates(), Scope: row.scope})
		if err != nil {
			t.Fatal(err)
		}
		v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "billing", Now: ca.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		token, err := v.Verify(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := token.Names(); !slices.Equal(got, row.want) {
			t.Errorf("scope %q: %q, want %q", row.scope, got, row.want)
		}
		token.Names()[0] = "changed"
		if got := token.Names(); !slices.Equal(got, row.want) {
			t.Errorf("scope %q: changed to %q", row.scope, got)
		}
	}
	if got := (verifier.Token{}).Names(); len(got) != 0 {
		t.Errorf("the zero Token has names %q", got)
	}
}
