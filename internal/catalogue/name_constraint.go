// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The row of forgeries that satisfy name constraints as crypto/x509 reads them.
const rowConstraints = "T25"

type generalNames = []testca.GeneralName

// constrained makes the usual client below a CA with constraints, with these
// names besides its usual ones.
func constrained(c testca.Constraints, extra ...testca.GeneralName) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.root, c.Edit), alsoNamed(extra...)) }
}

func alsoNamed(extra ...testca.GeneralName) testca.Edit {
	return testca.AltNames(append(generalNames{testca.URI(clientURI), testca.DNS(clientDNS)}, extra...)...)
}

// inTheName replaces the subject by an organization and a common name.
func inTheName(tag cbasn1.Tag, organization string) testca.Edit {
	return testca.SubjectDER(testca.DirectoryName(inOrganization(tag, organization), testca.RDN(testca.Attribute(3, cbasn1.UTF8String, "client"))))
}

func inOrganization(tag cbasn1.Tag, name string) []byte {
	return testca.RDN(testca.Attribute(10, tag, name))
}

// subtreeCases returns the cases for what lies within a subtree, and what does
// not.
func subtreeCases() []Case {
	const printable, text, bmp = cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.Tag(30)
	permit := func(list ...testca.GeneralName) testca.Constraints {
		return testca.Constraints{Permitted: append(generalNames{testca.URI("test.example"), testca.DNS("test.example")}, list...)}
	}
	exclude := func(list ...testca.GeneralName) testca.Constraints { return testca.Constraints{Excluded: list} }
	ten := testca.IP(10, 0, 0, 0, 255, 0, 0, 0)
	subject := func(c testca.Constraints, tag cbasn1.Tag, organization string) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			// It has the usual client's key under another name.
			return m.newLeaf(m.newCA(m.root, c.Edit), testca.WithKey(m.client.Key), inTheName(tag, organization))
		}
	}
	directory := func(tag cbasn1.Tag, organization string) testca.GeneralName {
		return testca.Directory(inOrganization(tag, organization))
	}
	var cases []Case
	for _, row := range []struct {
		name    string
		refused bool
		leaf    func(*Maker) *testca.Party
	}{
		{"URI_below_a_permitted_host", true, constrained(permit(testca.URI("ok.example")), testca.URI("spiffe://a.ok.example/x"))},
		{"URI_at_a_permitted_host", false, constrained(permit(testca.URI("ok.example")), testca.URI("spiffe://OK.example/x"))},
		{"URI_at_a_permitted_host_with_port_and_userinfo", false, constrained(permit(testca.URI("ok.example")), testca.URI("https://u@ok.example:8443/x"))},
		{"URI_with_a_permitted_host_as_userinfo", true, constrained(permit(testca.URI("ok.example")), testca.URI("https://ok.example@evil.example/x"))},
		{"URI_at_the_host_of_a_permitted_domain", true, constrained(permit(testca.URI(".ok.example")), testca.URI("spiffe://ok.example/x"))},
		{"URI_below_a_permitted_domain", false, constrained(permit(testca.URI(".ok.example")), testca.URI("spiffe://a.b.ok.example/x"))},
		{"URI_at_an_excluded_host", true, constrained(exclude(testca.URI("evil.example")), testca.URI("spiffe://evil.example/x"))},
		{"URI_below_an_excluded_host", true, constrained(exclude(testca.URI("evil.example")), testca.URI("spiffe://a.evil.example/x"))},
		{"URI_beside_an_excluded_host", false, constrained(exclude(testca.URI("evil.example")), testca.URI("spiffe://devil.example/x"))},
		{"URI_below_an_excluded_domain", true, constrained(exclude(testca.URI(".evil.example")), testca.URI("spiffe://a.evil.example/x"))},
		{"URI_at_the_host_of_an_excluded_domain", false, constrained(exclude(testca.URI(".evil.example")), testca.URI("spiffe://evil.example/x"))},
		{"URI_without_a_host", true, constrained(exclude(testca.URI("evil.example")), testca.URI("urn:example:x"))},
		{"URI_without_a_host_and_constraints_for_DNS_names", false, constrained(exclude(testca.DNS("evil.example")), testca.URI("urn:example:x"))},
		{"URI_with_an_address", true, constrained(exclude(testca.URI("evil.example")), testca.URI("https://10.0.0.1/x"))},
		{"URI_and_an_empty_permitted_one", true, constrained(testca.Constraints{Permitted: generalNames{testca.URI("")}})},
		{"URI_and_an_empty_excluded_one", true, constrained(exclude(testca.URI("")))},

		{"DNS_name_below_a_permitted_one", false, constrained(permit(testca.DNS("ok.example")), testca.DNS("A.b.OK.example"))},
		{"DNS_name_of_the_ending_of_a_permitted_one", true, constrained(permit(testca.DNS("ok.example")), testca.DNS("notok.example"))},
		{"DNS_name_of_a_permitted_domain", true, constrained(permit(testca.DNS(".ok.example")), testca.DNS("ok.example"))},
		{"DNS_name_below_an_excluded_one", true, constrained(exclude(testca.DNS("evil.example")), testca.DNS("A.EVIL.example"))},
		{"DNS_name_any_permitted", false, constrained(testca.Constraints{Permitted: generalNames{testca.DNS("")}})},
		{"DNS_name_all_excluded", true, constrained(exclude(testca.DNS("")))},
		{"DNS_name_wildcard_above_an_excluded_one", true, constrained(exclude(testca.DNS("evil.ok.example")), testca.DNS("*.ok.example"))},
		{"DNS_name_wildcard_beside_an_excluded_one", false, constrained(exclude(testca.DNS("evil.example")), testca.DNS("*.ok.example"))},
		{"DNS_name_that_is_no_host_name", true, constrained(exclude(testca.DNS("evil.example")), testca.DNS("evil.example\\.ok.example"))},
		{"DNS_name_that_is_no_host_name_and_no_constraint", false, constrained(exclude(testca.URI("evil.example")), testca.DNS("evil.example\\.ok.example"))},

		{"address_permitted", false, constrained(permit(ten), testca.IP(10, 1, 2, 3))},
		{"address_not_permitted", true, constrained(permit(ten), testca.IP(11, 1, 2, 3))},
		{"address_of_the_other_family", true, constrained(permit(ten), testca.IP(append([]byte{10, 1, 2, 3}, make([]byte, 12)...)...))},
		{"address_excluded", true, constrained(exclude(ten), testca.IP(10, 1, 2, 3))},
		{"address_not_excluded", false, constrained(exclude(ten), testca.IP(11, 1, 2, 3))},

		{"mail_of_a_permitted_host", false, constrained(permit(testca.Mail("ok.example")), testca.Mail("a@OK.example"))},
		{"mail_below_a_permitted_host", true, constrained(permit(testca.Mail("ok.example")), testca.Mail("a@b.ok.example"))},
		{"mail_of_a_permitted_domain", false, constrained(permit(testca.Mail(".ok.example")), testca.Mail("a@b.ok.example"))},
		{"mail_of_a_permitted_mailbox_in_another_case", true, constrained(permit(testca.Mail("a@ok.example")), testca.Mail("A@ok.example"))},
		{"mail_of_an_excluded_mailbox", true, constrained(exclude(testca.Mail("a@evil.example")), testca.Mail("a@Evil.example"))},
		{"mail_beside_an_excluded_mailbox", false, constrained(exclude(testca.Mail("a@evil.example")), testca.Mail("b@evil.example"))},
		{"mail_in_the_subject", true, func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, exclude(testca.Mail("evil.example")).Edit), testca.WithKey(m.client.Key),
				testca.SubjectDER(testca.DirectoryName(testca.RDN(testca.EmailAddress(cbasn1.IA5String, "a@evil.example")))))
		}},

		{"subject_permitted", false, subject(permit(directory(printable, "Example")), printable, "Example")},
		{"subject_permitted_in_another_case_type_and_with_spaces", false, subject(permit(directory(printable, "An Example")), text, " an  EXAMPLE ")},
		{"subject_not_permitted", true, subject(permit(directory(printable, "Example")), printable, "Other")},
		{"subject_permitted_but_for_a_space", true, subject(permit(directory(printable, "An Example")), text, "AnExample")},
		{"subject_excluded_in_another_case_and_with_spaces", true, subject(exclude(directory(printable, "Evil")), text, " EVIL")},
		{"subject_excluded_in_another_string_type", true, subject(exclude(directory(printable, "Evil")), bmp, "\x00E\x00v\x00i\x00l")},
		{"subject_not_excluded", false, subject(exclude(directory(printable, "Evil")), text, "Example")},
		{"directory_name_not_permitted", true, constrained(permit(testca.Directory(testca.RDN(testca.Attribute(3, text, "client")))), directory(text, "x"))},
	} {
		c := Case{name: "constraint_on_" + row.name, rules: "5.2", leaf: row.leaf}
		if row.refused {
			c.row, c.want = rowConstraints, stapled.ChainUntrusted
		}
		cases = append(cases, c)
	}
	return cases
}

// constraintFormCases returns the cases for what an extension says besides
// subtrees of a kind that is implemented: in critical extensions and in others.
func constraintFormCases() []Case {
	other := testca.Other(privateOID, "x")
	registered := testca.Registered(0x2a, 3)
	x400, party := testca.GeneralName{0xa3, 0}, testca.GeneralName{0xa5, 0}
	ok := generalNames{testca.URI("test.example")}
	var cases []Case
	for _, row := range []struct {
		name    string
		refused bool
		c       testca.Constraints
		extra   generalNames
	}{
		{"otherName_and_one_below", true, testca.Constraints{Permitted: generalNames{other}}, generalNames{other}},
		{"otherName_excluded_and_one_below", true, testca.Constraints{Excluded: generalNames{other}}, generalNames{other}},
		{"otherName_and_none_below", false, testca.Constraints{Permitted: generalNames{other}}, nil},
		{"registeredID_and_one_below", true, testca.Constraints{Permitted: generalNames{registered}}, generalNames{registered}},
		{"registeredID_and_none_below", false, testca.Constraints{Permitted: generalNames{registered}}, nil},
		{"x400Address_and_one_below", true, testca.Constraints{Excluded: generalNames{x400}}, generalNames{x400}},
		{"x400Address_and_none_below", false, testca.Constraints{Excluded: generalNames{x400}}, nil},
		{"ediPartyName_and_one_below", true, testca.Constraints{Excluded: generalNames{party}}, generalNames{party}},
		{"ediPartyName_and_none_below", false, testca.Constraints{Excluded: generalNames{party}}, nil},
		{"directoryName_and_another_subject_below", true, testca.Constraints{Permitted: generalNames{testca.Directory(inOrganization(cbasn1.UTF8String, "x"))}}, nil},
		{"directoryName_and_the_subject_below", false, testca.Constraints{Permitted: generalNames{testca.Directory(testca.RDN(testca.Attribute(3, cbasn1.UTF8String, "client")))}}, nil},
		{"a_minimum_of_zero", true, testca.Constraints{Permitted: ok, Distance: []byte{0x80, 1, 0}}, nil},
		{"a_minimum", true, testca.Constraints{Excluded: generalNames{testca.URI("evil.example")}, Distance: []byte{0x80, 1, 1}}, nil},
		{"a_maximum", true, testca.Constraints{Permitted: ok, Distance: []byte{0x81, 1, 9}}, nil},
		{"no_permitted_subtree_beside_excluded_ones", true, testca.Constraints{Permitted: generalNames{}, Excluded: generalNames{testca.URI("evil.example")}}, nil},
		{"no_excluded_subtree_beside_permitted_ones", true, testca.Constraints{Permitted: ok, Excluded: generalNames{}}, nil},
		{"a_malformed_directoryName", true, testca.Constraints{Permitted: append(ok, testca.GeneralName{0xa4, 2, 5, 0})}, nil},
		{"a_name_of_no_kind", true, testca.Constraints{Permitted: append(ok, testca.GeneralName{0x89, 0})}, nil},
		{"a_DNS_wildcard", true, testca.Constraints{Permitted: append(ok, testca.DNS("*.test.example"))}, nil},
		{"128_subtrees", false, testca.Constraints{Permitted: append(ok, manyDomains(127)...)}, nil},
		{"129_subtrees", true, testca.Constraints{Permitted: append(ok, manyDomains(128)...)}, nil},
	} {
		for _, critical := range []bool{true, false} {
			c := Case{name: "constraints_with_" + row.name, rules: "5.2"}
			row.c.NotCritical = !critical
			if !critical {
				c.name += "_not_critical"
				// One will do for each way of reading the extension.
				c.unpublished = row.name != "otherName_and_one_below" && row.name != "a_maximum"
			}
			c.leaf = constrained(row.c, row.extra...)
			if row.refused {
				c.row, c.want = rowConstraints, stapled.ChainUntrusted
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// manyDomains returns short constraints, so that the chain stays small.
func manyDomains(n int) generalNames {
	list := make(generalNames, n)
	for i := range list {
		list[i] = testca.DNS(strings.Repeat("a", 1+i%3))
	}
	list[0] = testca.DNS("test.example")
	return list
}

// constraintPathCases returns the cases for which constraints apply to which
// certificates.
func constraintPathCases() []Case {
	permit := func(hosts ...string) testca.Edit {
		var list generalNames
		for _, host := range hosts {
			list = append(list, testca.URI(host))
		}
		return testca.Constraints{Permitted: list}.Edit
	}
	exclude := func(host string) testca.Edit {
		return testca.Constraints{Excluded: generalNames{testca.URI(host)}}.Edit
	}
	uri := func(host string) testca.Edit { return testca.AltNames(testca.URI("spiffe://" + host + "/x")) }
	wide, narrow := testca.Named("root-twin"), permit("other.example")
	twins := func(m *Maker) *testca.Party {
		m.anchor("root-twin-narrow", "A root whose name constraints permit other.example, with the name and key of root-twin-wide.", m.newRoot(wide, narrow))
		return m.anchor("root-twin-wide", "A root with the name and key of root-twin-narrow, and without constraints.", m.newRoot(wide))
	}
	second := testca.Named("Second")
	refused := []Case{
		{name: "constraints_of_both_CAs_permit_nothing_in_common", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, permit("other.example")), second, permit("test.example")))
		}},
		{name: "constraints_of_a_CA_permit_more_than_those_above", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, permit("other.example")), second, permit("other.example", "test.example")))
		}},
		{name: "constraints_exclude_further_up", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, exclude("test.example")), second, exclude("other.example")))
		}},
		{name: "constraints_broken_by_an_intermediate", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, permit("test.example")), second, uri("evil.example")))
		}},
		{name: "constraints_of_a_self-issued_CA", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root), testca.WithKey(m.ring.key(testca.P256, "namesake")), permit("other.example")))
		}},
		{name: "constraints_broken_by_a_self-issued_leaf", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.root, permit("other.example"), testca.Named("client"), testca.WithKey(m.ring.key(testca.P256, "namesake"))),
				testca.WithKey(m.client.Key))
		}},
		{name: "constraints_with_a_way_around_them_in_the_chain", comment: "The intermediate above has the name and key of the constrained one, and could have issued the leaf.",
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.newCA(m.root), permit("other.example"))) }},
		{name: "constraints_with_a_way_around_them_further_up", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.newCA(m.root), permit("other.example")), second))
		}},
		{name: "constraints_of_the_anchor_with_a_twin_in_the_chain", anchors: []string{"root-twin-narrow"}, comment: "The last certificate has the name and key of the anchor, and not its constraints.",
			leaf: func(m *Maker) *testca.Party {
				twins(m)
				return m.newLeaf(m.newCA(m.newCA(m.anchorOf("root-twin-narrow"), wide)))
			}},
		{name: "constraints_of_the_anchor_of_another_kind", anchors: []string{"root-other-name"}, leaf: func(m *Maker) *testca.Party {
			other := testca.Other(privateOID, "x")
			return m.newLeaf(m.anchor("root-other-name", "A root whose name constraints permit an otherName.",
				m.newRoot(testca.Named("root-other-name"), testca.Constraints{Permitted: generalNames{other}}.Edit)), alsoNamed(other))
		}},
		{name: "constraints_of_the_leaf_malformed", leaf: client(testca.Constraints{Permitted: generalNames{testca.URI("test.example")}, Distance: []byte{0x81, 1, 9}}.Edit)},
	}
	for i := range refused {
		refused[i].row, refused[i].rules, refused[i].want = rowConstraints, "5.2", stapled.ChainUntrusted
	}
	accepted := []Case{
		{name: "constraints_of_both_CAs_permit_it", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, permit("other.example", "test.example")), second, permit("test.example")))
		}},
		{name: "constraints_not_of_a_self-issued_CA", comment: "RFC 5280 §6.1.3 (b) exempts it.", leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.newCA(m.root, permit("test.example")), testca.WithKey(m.ring.key(testca.P256, "namesake")), uri("evil.example")))
		}},
		{name: "constraints_of_the_leaf", comment: "They apply to what is below it.", leaf: client(permit("other.example"))},
		{name: "constraints_of_the_anchor_kept", anchors: []string{"root-permits"}, leaf: func(m *Maker) *testca.Party {
			return m.newLeaf(m.newCA(m.anchor("root-permits", "A root whose name constraints permit test.example.",
				m.newRoot(testca.Named("root-permits"), permit("test.example")))))
		}},
		{name: "constraints_of_an_anchor_beside_its_unconstrained_twin", anchors: []string{"root-twin-wide", "root-twin-narrow"},
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(twins(m))) }},
	}
	for i := range accepted {
		accepted[i].rules = "5.2"
	}
	return append(refused, accepted...)
}
