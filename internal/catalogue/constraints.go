// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"crypto/x509/pkix"

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
	return append(cases,
		Case{name: "DNS_name_permitted", rules: "5.2", leaf: below(permitDNS("test.example"))},
		Case{name: "other_DNS_name_excluded", rules: "5.2", leaf: below(excludeDNS("other.example"))},
		Case{name: "URI_permitted", rules: "5.2", leaf: below(permitURI("test.example"))},
		Case{name: "policy_required_and_present", rules: "5.2", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, requirePolicy, hasPolicy(1)), hasPolicy(1))
		}},
	)
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
