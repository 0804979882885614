// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// nameConstraintCases returns the cases for rule 5.2. The usual client is
// client.test.example and spiffe://test.example/client.
func nameConstraintCases() []Case {
	permitDNS := func(domains ...string) testca.Edit {
		return func(t *testca.Template) { t.PermittedDNSDomains, t.PermittedDNSDomainsCritical = domains, true }
	}
	excludeDNS := func(domains ...string) testca.Edit {
		return func(t *testca.Template) { t.ExcludedDNSDomains, t.PermittedDNSDomainsCritical = domains, true }
	}
	permitURI := func(domains ...string) testca.Edit {
		return func(t *testca.Template) { t.PermittedURIDomains, t.PermittedDNSDomainsCritical = domains, true }
	}
	root := func(name, comment string, edit testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.anchor(name, comment, m.newRoot(testca.Named(name), edit))))
		}
	}
	cases := []Case{
		{name: "DNS_name_not_permitted", leaf: below(permitDNS("other.example"))},
		{name: "DNS_name_excluded", leaf: below(excludeDNS("test.example"))},
		{name: "URI_not_permitted", leaf: below(permitURI("other.example"))},
		{name: "URI_excluded", leaf: below(func(t *testca.Template) { t.ExcludedURIDomains = []string{"test.example"} })},
		{name: "DNS_name_not_permitted_two_levels_above", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, testca.Named("Constrained"), permitDNS("other.example"))))
		}},
		{name: "DNS_name_not_permitted_by_the_anchor", anchors: []string{"root-constrained"},
			leaf: root("root-constrained", "A root whose name constraints permit other.example.", permitDNS("other.example"))},
		{name: "policy_required_and_absent", leaf: below(requirePolicy)},
		{name: "policy_required_and_not_that_of_the_intermediate", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, requirePolicy, hasPolicy(1)), hasPolicy(2))
		}},
	}
	for i := range cases {
		cases[i].rules, cases[i].want = "5.2", stapled.ChainUntrusted
	}
	cases = slices.Concat(cases, subtreeCases(), constraintFormCases(), constraintPathCases(), policyCases())
	return append(cases,
		Case{name: "DNS_name_permitted", rules: "5.2", leaf: below(permitDNS("test.example"))},
		Case{name: "other_DNS_name_excluded", rules: "5.2", leaf: below(excludeDNS("other.example"))},
		Case{name: "URI_permitted", rules: "5.2", leaf: below(permitURI("test.example"))},
		Case{name: "policy_required_and_present", rules: "5.2", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, requirePolicy, hasPolicy(1)), hasPolicy(1))
		}},
	)
}

// policyCases returns further cases for rule 5.2: what RFC 9618 makes of
// policies.
func policyCases() []Case {
	p, has, require := testca.Policy, testca.Policies, testca.PolicyConstraints
	mapped := func(from, to asn1.ObjectIdentifier) testca.Edit {
		return testca.PolicyMappings([2]asn1.ObjectIdentifier{from, to})
	}
	// path makes a client below two CAs, with edits of the client first.
	path := func(leaf, lower, upper []testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, upper...), append(lower, testca.Named("Second"))...), leaf...)
		}
	}
	type edits = []testca.Edit
	var cases []Case
	for _, row := range []struct {
		name    string
		refused bool
		leaf    func(*Maker) *testca.Party
	}{
		{"mapped", false, path(edits{has(p(2))}, edits{has(p(1)), mapped(p(1), p(2))}, edits{has(p(1)), require(0, -1)})},
		{"mapped_to_another", true, path(edits{has(p(1))}, edits{has(p(1)), mapped(p(1), p(2))}, edits{has(p(1)), require(0, -1)})},
		{"mapping_inhibited", true, path(edits{has(p(2))}, edits{has(p(1)), mapped(p(1), p(2))}, edits{has(p(1)), require(0, 0)})},
		{"mapped_from_any", true, path(edits{}, edits{has(p(1)), mapped(testca.AnyPolicy, p(2))}, edits{})},
		{"mapped_to_any", true, path(edits{}, edits{has(p(1)), mapped(p(1), testca.AnyPolicy)}, edits{})},
		{"any", false, path(edits{has(p(1))}, edits{has(testca.AnyPolicy)}, edits{has(p(1)), require(0, -1)})},
		{"any_inhibited", true, path(edits{has(p(1))}, edits{has(testca.AnyPolicy)}, edits{has(p(1)), require(0, -1), testca.InhibitAnyPolicy(0)})},
		{"required_two_below", true, path(edits{has(p(2))}, edits{has(p(1))}, edits{has(p(1)), require(1, -1)})},
		{"required_three_below", false, path(edits{has(p(2))}, edits{has(p(1))}, edits{has(p(1)), require(3, -1)})},
		{"required_by_the_leaf_itself", true, client(require(0, -1))},
		{"constraints_malformed", true, below(func(t *testca.Template) {
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0xff}})
		})},
	} {
		c := Case{name: "policy_" + row.name, rules: "5.2", leaf: row.leaf}
		if row.refused {
			c.want = stapled.ChainUntrusted
		}
		cases = append(cases, c)
	}
	return cases
}

// requirePolicy adds policyConstraints with requireExplicitPolicy 0 (RFC 5280
// §4.2.1.11).
func requirePolicy(t *testca.Template) {
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{
		Id: []int{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0},
	})
}

func hasPolicy(n uint64) testca.Edit {
	return func(t *testca.Template) {
		oid, err := x509.OIDFromInts([]uint64{1, 3, 6, 1, 4, 1, 32473, 2, n})
		if err != nil {
			panic(err)
		}
		t.Policies = []x509.OID{oid}
	}
}
