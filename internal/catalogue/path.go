// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// chainCases returns the cases for step 4.
func chainCases() []Case {
	return slices.Concat(trustCases(), constraintCases(), validityCases(), usageCases(), nameConstraintCases())
}

func trustCases() []Case {
	return []Case{
		{name: "self_signed_leaf", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			self := m.newLeaf(&testca.Party{Cert: &x509.Certificate{RawSubject: m.client.Cert.RawSubject}, Key: m.client.Key})
			self.Issuer = m.root // so that there is a chain, and a staple
			return self
		}},
		{name: "unknown_root", rules: "4.1", want: stapled.ChainUntrusted, leaf: underStranger},
		{name: "known_root_that_this_verifier_does_not_trust", rules: "4.1", anchors: []string{"stranger"}, want: stapled.ChainUntrusted},
		{name: "one_of_two_anchors", rules: "4.1", anchors: []string{"stranger", "root"}},
		{name: "the_other_of_two_anchors", rules: "4.1", anchors: []string{"root", "stranger"}, leaf: underStranger},
		{name: "intermediate_missing", rules: "4.1", want: stapled.ChainUntrusted,
			edit: certificateChain(func(m *Maker) []*testca.Party { return []*testca.Party{m.client} })},
		{name: "intermediate_is_the_anchor", rules: "4.1", anchors: []string{"intermediate"},
			edit: certificateChain(func(m *Maker) []*testca.Party { return []*testca.Party{m.client} })},
		{name: "root_of_the_same_name", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newRoot(testca.WithKey(m.ring.key(testca.P256, "namesake")))))
		}},
		{name: "root_of_the_same_name_and_key_identifier", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			namesake := alias(m.root, m.ring.key(testca.P256, "namesake"), func(*x509.Certificate) {})
			return m.newLeaf(m.newCA(namesake))
		}},
		{name: "root_of_the_same_key_and_another_name", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newRoot(testca.Named("Renamed"), testca.WithKey(m.root.Key))))
		}},
		{name: "intermediate_of_the_same_name", rules: "4.1", want: stapled.ChainUntrusted,
			comment: "The leaf is signed by somebody who calls himself as the intermediate does.",
			leaf: func(m *Maker) *testca.Party {
				p := m.newLeaf(alias(m.ca, m.ring.key(testca.P256, "namesake"), func(*x509.Certificate) {}))
				p.Issuer = m.ca
				return p
			}},
		{name: "anchor_after_a_change_of_keys", rules: "4.1", anchors: []string{"root", "root-next"}, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(nextRoot(m)))
		}},
		{name: "anchor_before_a_change_of_keys", rules: "4.1", anchors: []string{"root-next", "root"}, leaf: func(m *Maker) *testca.Party {
			nextRoot(m)
			return m.client
		}},
		{name: "leaf_with_a_broken_signature", rules: "4.1", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party { return withCert(m.client, flip(m.client.Cert.Raw)) }},
		{name: "intermediate_with_a_broken_signature", rules: "4.1", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(withCert(m.ca, flip(m.ca.Cert.Raw))) }},
		{name: "leaf_issued_by_a_leaf", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.other) }},
		{name: "self_signed_leaf_of_the_name_of_the_anchor", rules: "4.1", want: stapled.ChainUntrusted, edit: presented(func(m *Maker) []*testca.Party {
			return []*testca.Party{m.newRoot(testca.WithKey(m.ring.key(testca.P256, "namesake")))}
		})},
		{name: "chain_with_the_unknown_root", rules: "4.1", want: stapled.ChainUntrusted, edit: presented(func(m *Maker) []*testca.Party {
			ca := m.newCA(m.stranger)
			return []*testca.Party{m.newLeaf(ca), ca, m.stranger}
		})},
		{name: "intermediate_signed_by_another_key", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, func(t *testca.Template) { t.SigningKey = m.ring.key(testca.P256, "namesake") }))
		}},
		{name: "leaf_signed_by_its_own_key", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.ca, func(t *testca.Template) { t.SigningKey = m.client.Key })
		}},
		{name: "leaf_signed_by_a_sibling_of_its_issuer", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.ca, func(t *testca.Template) { t.SigningKey = m.sibling.Key })
		}},
		{name: "leaf_issued_by_a_delegate", rules: "4.1", want: stapled.ChainUntrusted, leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newDelegate(m.ca)) }},
		{name: "intermediate_without_basic_constraints", rules: "4.1", want: stapled.ChainUntrusted,
			leaf: below(func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = false, false })},
		{name: "intermediate_that_is_no_CA", rules: "4.1", want: stapled.ChainUntrusted, leaf: below(func(t *testca.Template) { t.IsCA = false })},
		{name: "intermediate_that_may_not_sign_certificates", rules: "4.1", want: stapled.ChainUntrusted,
			leaf: below(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature })},
	}
}

func nextRoot(m *Maker) *testca.Party {
	if next := m.anchorOf("root-next"); next != nil {
		return next
	}
	return m.anchor("root-next", "A root of the same name as the usual one, and of another key.",
		m.newRoot(testca.WithKey(m.ring.key(testca.P256, "Root, next"))))
}

func underStranger(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.stranger)) }

func limited(below int) testca.Edit {
	return func(t *testca.Template) { t.MaxPathLen, t.MaxPathLenZero = below, below == 0 }
}

func extension(critical bool) testca.Edit {
	return func(t *testca.Template) {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: privateOID, Critical: critical, Value: []byte{5, 0}})
	}
}

// standardExtension writes an extension of RFC 5280 §4.2.1, by its last number,
// in place of the usual one.
func standardExtension(number int, value ...byte) testca.Edit {
	return func(t *testca.Template) {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, number}, Critical: number != 37, Value: value})
	}
}

func constraintCases() []Case {
	trusting := func(name, comment string, intermediates int, edits ...testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			issuer := m.newRoot(append([]testca.Edit{testca.Named(name)}, edits...)...)
			m.anchor(name, comment, issuer)
			for range intermediates {
				issuer = m.newCA(issuer)
			}
			return m.newLeaf(issuer)
		}
	}
	return []Case{
		{name: "path_length_exceeded_below_an_intermediate", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.newCA(m.newCA(m.root, testca.Named("Limited"), limited(0))))
			}},
		{name: "path_length_of_one_exceeded_below_an_intermediate", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.newCA(m.newCA(m.newCA(m.root, testca.Named("Limited"), limited(1)), testca.Named("Issuing"))))
			}},
		{name: "path_length_reached_below_an_intermediate", rules: "4.2",
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.newCA(m.newCA(m.root, testca.Named("Limited"), limited(1))))
			}},
		{name: "path_length_of_zero_above_a_leaf", rules: "4.2", leaf: below(limited(0))},
		{name: "path_length_exceeded_below_the_anchor", rules: "4.2", anchors: []string{"root-limited"}, want: stapled.ChainUntrusted,
			leaf: trusting("root-limited", "A root with the path length constraint 0.", 1, limited(0))},
		{name: "path_length_reached_below_the_anchor", rules: "4.2", anchors: []string{"root-limited-1"},
			leaf: trusting("root-limited-1", "A root with the path length constraint 1.", 1, limited(1))},
		{name: "path_length_behind_another_field", rules: "4.2", want: stapled.ChainUntrusted,
			comment: "A parser that looks for an INTEGER only behind the BOOLEAN overlooks the path length constraint 0.",
			leaf:    below(standardExtension(19, 0x30, 8, 1, 1, 0xff, 5, 0, 2, 1, 0))},
		{name: "intermediate_with_something_behind_its_basic_constraints", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: below(standardExtension(19, 0x30, 3, 1, 1, 0xff, 5, 0))},
		{name: "intermediate_with_a_key_usage_without_bits", rules: "4.2", want: stapled.ChainUntrusted,
			comment: "It permits nothing, where an absent one permits everything.", leaf: below(standardExtension(15, 3, 1, 0))},
		{name: "intermediate_with_a_key_usage_of_zeros", rules: "4.2", want: stapled.ChainUntrusted, leaf: below(standardExtension(15, 3, 2, 7, 0))},
		{name: "intermediate_with_something_behind_its_key_usage", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: below(standardExtension(15, 3, 2, 1, 6, 5, 0))},
		{name: "intermediate_with_an_extended_key_usage_without_elements", rules: "4.2", want: stapled.ChainUntrusted,
			comment: "It permits nothing, where an absent one permits everything.", leaf: below(standardExtension(37, 0x30, 0))},
		{name: "intermediate_with_something_behind_its_extended_key_usage", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: below(standardExtension(37, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2, 5, 0))},
		{name: "leaf_that_writes_out_that_it_is_no_CA", rules: "4.2", leaf: client(standardExtension(19, 0x30, 3, 1, 1, 0))},
		{name: "leaf_with_unknown_critical_extension", rules: "4.2", leaf: client(extension(true)), want: stapled.ChainUntrusted},
		{name: "intermediate_with_unknown_critical_extension", rules: "4.2", leaf: below(extension(true)), want: stapled.ChainUntrusted},
		{name: "anchor_with_unknown_critical_extension", rules: "4.2", anchors: []string{"root-critical"}, want: stapled.ChainUntrusted,
			leaf: trusting("root-critical", "A root with a critical extension that nobody knows.", 1, extension(true))},
		{name: "leaf_with_the_key_of_its_issuer", rules: "4.2", want: stapled.ChainUntrusted, comment: "It could sign its own staples.",
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.ca, testca.WithKey(m.ca.Key)) }},
		{name: "leaf_with_the_key_of_the_anchor", rules: "4.2", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.ca, testca.WithKey(m.root.Key)) }},
		{name: "leaf_with_unknown_extension", rules: "4.2", leaf: client(extension(false))},
		{name: "intermediate_with_unknown_extension", rules: "4.2", leaf: below(extension(false))},
	}
}

func validityCases() []Case {
	now, second, minute := testca.Now, time.Second, time.Minute
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	root := func(name, comment string, edit testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			return m.newLeaf(m.anchor(name, comment, m.newRoot(testca.Named(name), edit)))
		}
	}
	return []Case{
		{name: "leaf_expired", rules: "4.3", leaf: client(testca.Valid(from, now.Add(-second))), want: stapled.CertificateExpired},
		{name: "leaf_expired_half_a_second_ago", rules: "4.3", at: second / 2, leaf: client(testca.Valid(from, now)), want: stapled.CertificateExpired},
		{name: "leaf_in_its_last_second", rules: "4.3", leaf: client(testca.Valid(from, now)), freshUntil: until(0)},
		{name: "leaf_not_yet_valid", rules: "4.3", leaf: client(testca.Valid(now.Add(minute+second), to)), want: stapled.CertificateNotYetValid},
		{name: "leaf_that_begins_at_the_end_of_the_leeway", rules: "4.3", leaf: client(testca.Valid(now.Add(minute), to)),
			comment: "The leeway moves the beginning of a certificate too."},
		{name: "leaf_that_begins_half_a_second_beyond_the_leeway", rules: "4.3", at: -second / 2, edit: times(-minute, -minute, lifetime),
			leaf: client(testca.Valid(now.Add(minute), to)), want: stapled.CertificateNotYetValid},
		{name: "leaf_whose_validity_ends_before_it_begins", rules: "4.3", leaf: client(testca.Valid(to, from)), want: stapled.CertificateExpired},
		{name: "leaf_in_its_first_second", rules: "4.3", leaf: client(testca.Valid(now, to))},
		{name: "intermediate_expired", rules: "4.3", leaf: below(testca.Valid(from, now.Add(-second))), want: stapled.CertificateExpired},
		{name: "intermediate_in_its_last_second", rules: "4.3", leaf: below(testca.Valid(from, now)), freshUntil: until(0)},
		{name: "intermediate_not_yet_valid", rules: "4.3", leaf: below(testca.Valid(now.Add(minute+second), to)), want: stapled.CertificateNotYetValid},
		{name: "intermediate_that_begins_at_the_end_of_the_leeway", rules: "4.3", leaf: below(testca.Valid(now.Add(minute), to))},
		{name: "anchor_expired", rules: "4.3", anchors: []string{"root-expired"}, want: stapled.CertificateExpired,
			leaf: root("root-expired", "A root that has expired.", testca.Valid(from, now.Add(-second)))},
		{name: "anchor_not_yet_valid", rules: "4.3", anchors: []string{"root-early"}, want: stapled.CertificateNotYetValid,
			leaf: root("root-early", "A root that is not yet valid.", testca.Valid(now.Add(minute+second), to))},
		{name: "anchor_in_its_last_second", rules: "4.3", anchors: []string{"root-ending"}, freshUntil: until(0),
			leaf: root("root-ending", "A root that ends at the usual time.", testca.Valid(from, now))},
	}
}

func usageCases() []Case {
	const sign = x509.KeyUsageDigitalSignature
	const client_, server, any_ = x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageAny
	cases := []Case{
		{name: "leaf_is_a_CA", leaf: client(func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true })},
		{name: "leaf_without_digitalSignature", leaf: client(uses(x509.KeyUsageKeyEncipherment, client_))},
		{name: "leaf_without_key_usage", leaf: client(uses(0, client_))},
		{name: "leaf_for_servers_only", leaf: client(uses(sign, server))},
		{name: "leaf_without_extended_key_usage", leaf: client(uses(sign))},
		{name: "leaf_for_any_extended_key_usage", leaf: client(uses(sign, any_))},
		{name: "leaf_for_an_unknown_extended_key_usage", leaf: client(func(t *testca.Template) {
			t.ExtKeyUsage, t.UnknownExtKeyUsage = nil, append(t.UnknownExtKeyUsage, privateOID)
		})},
		{name: "leaf_is_the_intermediate", edit: presented(func(m *Maker) []*testca.Party { return []*testca.Party{m.ca} })},
		{name: "leaf_is_a_delegate", leaf: func(m *Maker) *testca.Party { return m.newDelegate(m.ca) }, edit: claim("iss", "Responder")},
		{name: "leaf_for_clients_where_servers_are_expected", policy: expectUsage("serverAuth")},
		{name: "intermediate_for_servers_only", leaf: below(func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{server} })},
		{name: "intermediate_for_an_unknown_extended_key_usage", leaf: below(func(t *testca.Template) {
			t.ExtKeyUsage, t.UnknownExtKeyUsage = nil, append(t.UnknownExtKeyUsage, privateOID)
		})},
		{name: "anchor_for_servers_only", anchors: []string{"root-for-servers"}, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.anchor("root-for-servers", "A root with the extended key usage serverAuth.",
				m.newRoot(testca.Named("root-for-servers"), func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{server} })))
		}},
	}
	for i := range cases {
		cases[i].rules, cases[i].want = "4.4", stapled.KeyUsage
	}
	return append(cases,
		Case{name: "leaf_for_servers_where_servers_are_expected", rules: "4.4", policy: expectUsage("serverAuth"), leaf: client(uses(sign, server))},
		Case{name: "leaf_for_servers_and_clients", rules: "4.4", leaf: client(uses(sign|x509.KeyUsageKeyEncipherment, server, client_))},
		Case{name: "leaf_that_says_that_it_is_no_CA", rules: "4.4", leaf: client(func(t *testca.Template) { t.BasicConstraintsValid = true })},
		Case{name: "intermediate_for_clients", rules: "4.4", leaf: below(func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{client_} })},
		Case{name: "intermediate_for_any_extended_key_usage", rules: "4.4", leaf: below(func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{any_} })},
	)
}
