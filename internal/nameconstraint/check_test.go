// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/nameconstraint"
	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	permits    = " is not a name that "
	excludes   = " is a name that "
	constrains = " constrains names of this kind"

	printable, utf8String, ia5 = cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String
	bmp                        = cbasn1.Tag(30)
)

// made is a certificate as far as package nameconstraint looks at it, which is
// further than crypto/x509 parses: it refuses some of these.
func made(subject, issuer []byte, edits ...testca.Edit) *x509.Certificate {
	var t testca.Template
	for _, edit := range edits {
		edit(&t)
	}
	return &x509.Certificate{RawSubject: subject, RawIssuer: issuer, Extensions: t.ExtraExtensions}
}

func cn(name string) []byte {
	return testca.DirectoryName(testca.RDN(testca.Attribute(3, utf8String, name)))
}

func names(list ...testca.GeneralName) []testca.GeneralName { return list }

func organization(tag cbasn1.Tag, value string) []byte {
	return testca.RDN(testca.Attribute(10, tag, value))
}

var (
	empty = testca.DirectoryName()
	other = testca.Other([]int{1, 3, 6, 1, 4, 1, 32473, 1}, "x")
	ten   = testca.IP(10, 0, 0, 0, 255, 0, 0, 0)
	six   = testca.IP(append(append([]byte{0x20, 1, 0xd, 0xb8}, make([]byte, 12)...), append([]byte{255, 255, 255, 255}, make([]byte, 12)...)...)...)
)

// rows are constraints of a CA, and names below it.
var rows = []struct {
	name                       string
	permitted, excluded, names []testca.GeneralName
	want                       string
	// subject is empty by default.
	subject []byte
}{
	// dNSName.
	{name: "DNS_itself", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("h.example"))},
	{name: "DNS_below", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("a.b.h.example"))},
	{name: "DNS_in_another_case", permitted: names(testca.DNS("H.example")), names: names(testca.DNS("a.h.EXAMPLE"))},
	{name: "DNS_elsewhere", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("g.example")), want: permits},
	{name: "DNS_of_the_same_ending", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("xh.example")), want: permits},
	{name: "DNS_above", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("example")), want: permits},
	{name: "DNS_one_inside_and_one_outside", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("h.example"), testca.DNS("g.example")), want: permits},
	{name: "DNS_in_one_of_two", permitted: names(testca.DNS("g.example"), testca.DNS("h.example")), names: names(testca.DNS("h.example"))},
	{name: "DNS_dot_below", permitted: names(testca.DNS(".h.example")), names: names(testca.DNS("a.h.example"))},
	{name: "DNS_dot_itself", permitted: names(testca.DNS(".h.example")), names: names(testca.DNS("h.example")), want: permits},
	{name: "DNS_excluded_itself", excluded: names(testca.DNS("h.example")), names: names(testca.DNS("h.example")), want: excludes},
	{name: "DNS_excluded_below", excluded: names(testca.DNS("h.example")), names: names(testca.DNS("A.H.example")), want: excludes},
	{name: "DNS_excluded_dot_below", excluded: names(testca.DNS(".h.example")), names: names(testca.DNS("a.h.example")), want: excludes},
	{name: "DNS_excluded_dot_itself", excluded: names(testca.DNS(".h.example")), names: names(testca.DNS("h.example"))},
	{name: "DNS_excluded_elsewhere", excluded: names(testca.DNS("h.example")), names: names(testca.DNS("xh.example"))},
	{name: "DNS_permitted_and_excluded", permitted: names(testca.DNS("example")), excluded: names(testca.DNS("h.example")), names: names(testca.DNS("a.h.example")), want: excludes},
	{name: "DNS_any", permitted: names(testca.DNS("")), names: names(testca.DNS("h.example"))},
	{name: "DNS_none", excluded: names(testca.DNS("")), names: names(testca.DNS("h.example")), want: excludes},
	{name: "DNS_none_and_a_URI", excluded: names(testca.DNS("")), names: names(testca.URI("spiffe://h.example/a"))},
	{name: "DNS_wildcard", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("*.h.example"))},
	{name: "DNS_wildcard_dot", permitted: names(testca.DNS(".h.example")), names: names(testca.DNS("*.h.example"))},
	{name: "DNS_wildcard_above", permitted: names(testca.DNS("a.h.example")), names: names(testca.DNS("*.h.example")), want: permits},
	{name: "DNS_wildcard_excluded", excluded: names(testca.DNS("h.example")), names: names(testca.DNS("*.h.example")), want: excludes},
	{name: "DNS_wildcard_excluded_dot", excluded: names(testca.DNS(".h.example")), names: names(testca.DNS("*.h.example")), want: excludes},
	{name: "DNS_wildcard_above_one_excluded", excluded: names(testca.DNS("A.h.example")), names: names(testca.DNS("*.h.example")), want: excludes},
	{name: "DNS_wildcard_beside_one_excluded", excluded: names(testca.DNS("a.g.example")), names: names(testca.DNS("*.h.example"))},
	{name: "DNS_trailing_dot", excluded: names(testca.DNS("g.example")), names: names(testca.DNS("h.example.")), want: constrains},
	{name: "DNS_with_a_space", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("x y.h.example")), want: constrains},
	{name: "DNS_that_is_a_URI", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("https://g.example/.h.example")), want: constrains},
	{name: "DNS_inner_wildcard", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("a.*.h.example")), want: constrains},
	{name: "DNS_part_of_a_label", permitted: names(testca.DNS("h.example")), names: names(testca.DNS("a*.h.example")), want: constrains},
	{name: "DNS_lone_wildcard", permitted: names(testca.DNS("")), names: names(testca.DNS("*")), want: constrains},
	{name: "DNS_empty", permitted: names(testca.DNS("")), names: names(testca.DNS("")), want: constrains},
	{name: "DNS_odd_and_unconstrained", permitted: names(testca.URI("h.example")), names: names(testca.DNS("h.example."))},

	// URI.
	{name: "URI_itself", permitted: names(testca.URI("h.example")), names: names(testca.URI("spiffe://h.example/a"))},
	{name: "URI_in_another_case", permitted: names(testca.URI("H.example")), names: names(testca.URI("SPIFFE://h.EXAMPLE"))},
	{name: "URI_below", permitted: names(testca.URI("ok.example")), names: names(testca.URI("spiffe://a.ok.example/a")), want: permits},
	{name: "URI_dot_below", permitted: names(testca.URI(".h.example")), names: names(testca.URI("https://a.b.h.example"))},
	{name: "URI_dot_itself", permitted: names(testca.URI(".h.example")), names: names(testca.URI("https://h.example")), want: permits},
	{name: "URI_dot_of_the_same_ending", permitted: names(testca.URI(".h.example")), names: names(testca.URI("https://xh.example")), want: permits},
	{name: "URI_excluded_itself", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://evil.example/")), want: excludes},
	{name: "URI_excluded_below", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://a.evil.example/")), want: excludes},
	{name: "URI_excluded_dot_below", excluded: names(testca.URI(".evil.example")), names: names(testca.URI("https://a.evil.example/")), want: excludes},
	{name: "URI_excluded_dot_itself", excluded: names(testca.URI(".evil.example")), names: names(testca.URI("https://evil.example/"))},
	{name: "URI_excluded_elsewhere", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://devil.example/"))},
	{name: "URI_empty_permits_none", permitted: names(testca.URI("")), names: names(testca.URI("https://h.example")), want: permits},
	{name: "URI_empty_excludes_all", excluded: names(testca.URI("")), names: names(testca.URI("https://h.example")), want: excludes},
	{name: "URI_with_a_port", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://h.example:8443/a:b"))},
	{name: "URI_with_an_empty_port", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://h.example:?q"))},
	{name: "URI_with_userinfo", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://a:b@h.example#f"))},
	{name: "URI_with_the_host_as_userinfo", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://h.example@evil.example/")), want: permits},
	{name: "URI_with_userinfo_excluded", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://h.example:1@evil.example/")), want: excludes},
	{name: "URI_with_two_at_signs", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://a@b@h.example/")), want: constrains},
	{name: "URI_with_a_backslash", excluded: names(testca.URI("evil.example")), names: names(testca.URI(`https://evil.example\@h.example/`)), want: constrains},
	{name: "URI_with_a_query_behind_the_host", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://evil.example?.h.example")), want: permits},
	{name: "URI_with_a_word_as_port", permitted: names(testca.URI("h.example")), names: names(testca.URI("https://h.example:x/")), want: constrains},
	{name: "URI_without_authority", excluded: names(testca.URI("evil.example")), names: names(testca.URI("urn:example:a")), want: constrains},
	{name: "URI_without_host", excluded: names(testca.URI("evil.example")), names: names(testca.URI("file:///a")), want: constrains},
	{name: "URI_without_scheme", excluded: names(testca.URI("evil.example")), names: names(testca.URI("h.example")), want: constrains},
	{name: "URI_with_an_odd_scheme", excluded: names(testca.URI("evil.example")), names: names(testca.URI("1s://h.example")), want: constrains},
	{name: "URI_with_an_IPv4_address", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://10.0.0.1/")), want: constrains},
	{name: "URI_with_an_IPv6_address", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://[::1]/")), want: constrains},
	{name: "URI_with_an_encoded_host", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://%65vil.example/")), want: constrains},
	{name: "URI_with_a_trailing_dot", excluded: names(testca.URI("evil.example")), names: names(testca.URI("https://evil.example./")), want: constrains},
	{name: "URI_without_host_unconstrained", permitted: names(testca.DNS("h.example")), names: names(testca.URI("urn:example:a"))},

	// rfc822Name.
	{name: "mail_mailbox", permitted: names(testca.Mail("a@h.example")), names: names(testca.Mail("a@H.example"))},
	{name: "mail_other_mailbox", permitted: names(testca.Mail("a@h.example")), names: names(testca.Mail("b@h.example")), want: permits},
	{name: "mail_mailbox_in_another_case", permitted: names(testca.Mail("a@h.example")), names: names(testca.Mail("A@h.example")), want: permits},
	{name: "mail_host", permitted: names(testca.Mail("h.example")), names: names(testca.Mail("a@h.EXAMPLE"))},
	{name: "mail_below_a_host", permitted: names(testca.Mail("h.example")), names: names(testca.Mail("a@b.h.example")), want: permits},
	{name: "mail_domain", permitted: names(testca.Mail(".h.example")), names: names(testca.Mail("a@b.h.example"))},
	{name: "mail_domain_itself", permitted: names(testca.Mail(".h.example")), names: names(testca.Mail("a@h.example")), want: permits},
	{name: "mail_excluded_mailbox", excluded: names(testca.Mail("a@h.example")), names: names(testca.Mail("a@h.EXAMPLE")), want: excludes},
	{name: "mail_beside_an_excluded_mailbox", excluded: names(testca.Mail("a@h.example")), names: names(testca.Mail("b@h.example"))},
	{name: "mail_excluded_host", excluded: names(testca.Mail("h.example")), names: names(testca.Mail("a@h.example")), want: excludes},
	{name: "mail_excluded_domain", excluded: names(testca.Mail(".h.example")), names: names(testca.Mail("a@b.h.example")), want: excludes},
	{name: "mail_empty_permits_none", permitted: names(testca.Mail("")), names: names(testca.Mail("a@h.example")), want: permits},
	{name: "mail_empty_excludes_all", excluded: names(testca.Mail("")), names: names(testca.Mail("a@h.example")), want: excludes},
	{name: "mail_quoted", excluded: names(testca.Mail("a@h.example")), names: names(testca.Mail(`"a"@h.example`)), want: constrains},
	{name: "mail_with_two_at_signs", excluded: names(testca.Mail("g.example")), names: names(testca.Mail("a@g.example@h.example")), want: constrains},
	{name: "mail_without_host", excluded: names(testca.Mail("g.example")), names: names(testca.Mail("a@")), want: constrains},
	{name: "mail_without_local_part", excluded: names(testca.Mail("g.example")), names: names(testca.Mail("@h.example")), want: constrains},
	{name: "mail_at_an_address", excluded: names(testca.Mail("g.example")), names: names(testca.Mail("a@[10.0.0.1]")), want: constrains},
	{name: "mail_outside_ASCII", excluded: names(testca.Mail("g.example")), want: constrains,
		names: names(testca.Other([]int{1, 3, 6, 1, 5, 5, 7, 8, 9}, "ä@h.example"))},
	{name: "mail_in_the_subject", permitted: names(testca.Mail("h.example")), subject: testca.DirectoryName(testca.RDN(testca.EmailAddress(ia5, "a@h.example")))},
	{name: "mail_in_the_subject_outside", permitted: names(testca.Mail("h.example")), want: permits,
		subject: testca.DirectoryName(testca.RDN(testca.EmailAddress(ia5, "a@g.example")))},
	{name: "mail_in_the_subject_excluded_beside_another", excluded: names(testca.Mail("g.example")), names: names(testca.Mail("a@h.example")), want: excludes,
		subject: testca.DirectoryName(testca.RDN(testca.EmailAddress(ia5, "a@g.example")))},
	{name: "mail_in_the_subject_of_another_type", excluded: names(testca.Mail("g.example")), want: constrains,
		subject: testca.DirectoryName(testca.RDN(testca.EmailAddress(utf8String, "a@h.example")))},

	// iPAddress.
	{name: "IP_inside", permitted: names(ten), names: names(testca.IP(10, 1, 2, 3))},
	{name: "IP_outside", permitted: names(ten), names: names(testca.IP(11, 1, 2, 3)), want: permits},
	{name: "IP_of_the_other_family", permitted: names(ten), names: names(testca.IP(append([]byte{10, 1, 2, 3}, make([]byte, 12)...)...)), want: permits},
	{name: "IP_of_six_inside", permitted: names(six), names: names(testca.IP(append([]byte{0x20, 1, 0xd, 0xb8}, make([]byte, 12)...)...))},
	{name: "IP_of_six_outside", permitted: names(six), names: names(testca.IP(append([]byte{0x20, 1, 0xd, 0xb9}, make([]byte, 12)...)...)), want: permits},
	{name: "IP_excluded", excluded: names(ten), names: names(testca.IP(10, 1, 2, 3)), want: excludes},
	{name: "IP_excluded_elsewhere", excluded: names(ten), names: names(testca.IP(11, 1, 2, 3))},
	{name: "IP_with_bits_outside_the_mask", permitted: names(testca.IP(10, 9, 9, 9, 255, 0, 0, 0)), names: names(testca.IP(10, 1, 2, 3))},
	{name: "IP_of_five_bytes", excluded: names(ten), names: names(testca.IP(11, 1, 2, 3, 4)), want: constrains},

	// directoryName.
	{name: "directory_subject", permitted: names(testca.Directory(organization(printable, "Example"))), subject: testca.DirectoryName(organization(printable, "Example"), organization(printable, "x"))},
	{name: "directory_subject_outside", permitted: names(testca.Directory(organization(printable, "Example"))), subject: cn("x"), want: permits},
	{name: "directory_subject_empty", permitted: names(testca.Directory(organization(printable, "Example")))},
	{name: "directory_not_the_beginning", permitted: names(testca.Directory(organization(printable, "Example"))), want: permits,
		subject: testca.DirectoryName(organization(printable, "x"), organization(printable, "Example"))},
	{name: "directory_shorter", permitted: names(testca.Directory(organization(printable, "Example"), organization(printable, "x"))), want: permits,
		subject: testca.DirectoryName(organization(printable, "Example"))},
	{name: "directory_case_space_and_type", permitted: names(testca.Directory(organization(printable, "An  Example"))),
		subject: testca.DirectoryName(organization(utf8String, " aN eXAMPLE  "))},
	{name: "directory_without_a_space", permitted: names(testca.Directory(organization(printable, "An Example"))), want: permits,
		subject: testca.DirectoryName(organization(printable, "AnExample"))},
	{name: "directory_other_type_of_attribute", permitted: names(testca.Directory(organization(printable, "Example"))), want: permits, subject: cn("Example")},
	{name: "directory_other_string_type", permitted: names(testca.Directory(organization(printable, "ab"))), want: permits,
		subject: testca.DirectoryName(organization(bmp, "\x00a\x00b"))},
	{name: "directory_same_bytes_of_another_string_type", permitted: names(testca.Directory(organization(bmp, "\x00a"))),
		subject: testca.DirectoryName(organization(bmp, "\x00a"))},
	{name: "directory_outside_ASCII_in_another_case", permitted: names(testca.Directory(organization(utf8String, "É"))), want: permits,
		subject: testca.DirectoryName(organization(utf8String, "é"))},
	{name: "directory_excluded", excluded: names(testca.Directory(organization(printable, "Evil"))), want: excludes,
		subject: testca.DirectoryName(organization(utf8String, "EVIL "))},
	{name: "directory_excluded_elsewhere", excluded: names(testca.Directory(organization(printable, "Evil"))), subject: cn("Evil")},
	{name: "directory_excluded_in_another_string_type", excluded: names(testca.Directory(organization(printable, "ab"))), want: excludes,
		subject: testca.DirectoryName(organization(bmp, "\x00A\x00b"))},
	{name: "directory_excluded_outside_ASCII_in_another_case", excluded: names(testca.Directory(organization(utf8String, "É"))), want: excludes,
		subject: testca.DirectoryName(organization(utf8String, "é"))},
	{name: "directory_excluded_with_a_soft_hyphen", excluded: names(testca.Directory(organization(utf8String, "evil"))), want: excludes,
		subject: testca.DirectoryName(organization(utf8String, "e\u00advil"))},
	{name: "directory_excluded_in_latin_1", excluded: names(testca.Directory(organization(utf8String, "é"))), want: excludes,
		subject: testca.DirectoryName(organization(cbasn1.T61String, "\xe9"))},
	{name: "directory_excluded_in_universal", excluded: names(testca.Directory(organization(utf8String, "a"))), want: excludes,
		subject: testca.DirectoryName(organization(28, "\x00\x00\x00a"))},
	{name: "directory_attributes_in_another_order", permitted: names(testca.Directory(testca.RDN(testca.Attribute(10, utf8String, "o"), testca.Attribute(3, utf8String, "c")))),
		subject: testca.DirectoryName(testca.RDN(testca.Attribute(3, utf8String, "C"), testca.Attribute(10, utf8String, "O")))},
	{name: "directory_one_of_two_attributes", permitted: names(testca.Directory(testca.RDN(testca.Attribute(10, utf8String, "o")))), want: permits,
		subject: testca.DirectoryName(testca.RDN(testca.Attribute(3, utf8String, "c"), testca.Attribute(10, utf8String, "o")))},
	{name: "directory_any", permitted: names(testca.Directory()), subject: cn("x")},
	{name: "directory_none", excluded: names(testca.Directory()), subject: cn("x"), want: excludes},
	{name: "directory_alternative", permitted: names(testca.Directory(organization(printable, "Example"))), names: names(testca.Directory(organization(printable, "EXAMPLE")))},
	{name: "directory_alternative_outside", permitted: names(testca.Directory(organization(printable, "Example"))), names: names(testca.Directory(organization(printable, "x"))), want: permits},
	{name: "directory_alternative_malformed", permitted: names(testca.Directory(organization(printable, "Example"))), names: names(testca.GeneralName{0xa4, 2, 5, 0}), want: constrains},
	{name: "directory_alternative_malformed_unconstrained", permitted: names(testca.DNS("h.example")), names: names(testca.GeneralName{0xa4, 2, 5, 0})},

	// Kinds that are not implemented.
	{name: "otherName", permitted: names(other), names: names(other), want: constrains},
	{name: "otherName_excluded", excluded: names(other), names: names(other), want: constrains},
	{name: "otherName_without_one_below", permitted: names(other), names: names(testca.DNS("h.example"))},
	{name: "otherName_unconstrained", permitted: names(testca.DNS("h.example")), names: names(other)},
	{name: "registeredID", permitted: names(testca.Registered(0x2a, 3)), names: names(testca.Registered(0x2a, 3)), want: constrains},
	{name: "registeredID_without_one_below", permitted: names(testca.Registered(0x2a, 3)), names: names(testca.DNS("h.example"))},
	{name: "x400Address", excluded: names(testca.GeneralName{0xa3, 0}), names: names(testca.GeneralName{0xa3, 0}), want: constrains},
	{name: "x400Address_without_one_below", excluded: names(testca.GeneralName{0xa3, 0}), names: names(other)},
	{name: "ediPartyName", excluded: names(testca.GeneralName{0xa5, 0}), names: names(testca.GeneralName{0xa5, 0}), want: constrains},
	{name: "ediPartyName_without_one_below", excluded: names(testca.GeneralName{0xa5, 0}), names: names(other)},

	// Malformed names below a constraint.
	{name: "names_of_no_kind", permitted: names(testca.DNS("h.example")), names: names(testca.GeneralName{0x89, 0}), want: "malformed subjectAltName"},
	{name: "names_constructed", permitted: names(testca.DNS("h.example")), names: names(testca.GeneralName{0xa2, 1, 'g'}), want: "malformed subjectAltName"},
	{name: "subject_malformed", permitted: names(testca.DNS("h.example")), subject: []byte{5, 0}, want: "malformed subject"},
	{name: "subject_with_an_empty_RDN", permitted: names(testca.DNS("h.example")), subject: testca.DirectoryName(testca.RDN()), want: "malformed subject"},
}

func TestNames(t *testing.T) {
	for _, row := range rows {
		for _, notCritical := range []bool{false, true} {
			t.Run(row.name+map[bool]string{true: "_not_critical"}[notCritical], func(t *testing.T) {
				subject := row.subject
				if subject == nil {
					subject = empty
				}
				ca := made(cn("CA"), cn("Root"), testca.Constraints{NotCritical: notCritical, Permitted: row.permitted, Excluded: row.excluded}.Edit)
				leaf := made(subject, cn("CA"), testca.AltNames(row.names...))
				hold(t, nameconstraint.Check([]*x509.Certificate{leaf, ca, made(cn("Root"), cn("Root"))}), row.want)
				// The same of an anchor.
				hold(t, nameconstraint.Check([]*x509.Certificate{leaf, ca}), row.want)
			})
		}
	}
}

func hold(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q", err, want)
	}
}

// A constraint applies to every certificate below, unless that is self-issued
// and not the last.
func TestPath(t *testing.T) {
	permit := func(list ...testca.GeneralName) testca.Edit { return testca.Constraints{Permitted: list}.Edit }
	exclude := func(list ...testca.GeneralName) testca.Edit { return testca.Constraints{Excluded: list}.Edit }
	alt := testca.AltNames
	root := func(edits ...testca.Edit) *x509.Certificate { return made(cn("Root"), cn("Root"), edits...) }
	ca := func(edits ...testca.Edit) *x509.Certificate { return made(cn("CA"), cn("Root"), edits...) }
	again := func(edits ...testca.Edit) *x509.Certificate { return made(cn("CA"), cn("CA"), edits...) }
	leaf := made(empty, cn("CA"), alt(testca.DNS("a.h.example")))
	for _, row := range []struct {
		name string
		path []*x509.Certificate
		want string
	}{
		{"none", []*x509.Certificate{leaf, ca(), root()}, ""},
		{"anchor_permits", []*x509.Certificate{leaf, ca(), root(permit(testca.DNS("h.example")))}, ""},
		{"anchor_permits_another", []*x509.Certificate{leaf, ca(), root(permit(testca.DNS("g.example")))}, permits},
		{"both_permit", []*x509.Certificate{leaf, ca(permit(testca.DNS("a.h.example"))), root(permit(testca.DNS("h.example")))}, ""},
		{"permitted_by_one_of_them", []*x509.Certificate{leaf, ca(permit(testca.DNS("h.example"))), root(permit(testca.DNS("g.example")))}, permits},
		{"a_CA_permits_more_than_it_may", []*x509.Certificate{leaf, ca(permit(testca.DNS(""))), root(permit(testca.DNS("g.example")))}, permits},
		{"exclusions_add_above", []*x509.Certificate{leaf, ca(exclude(testca.DNS("g.example"))), root(exclude(testca.DNS("h.example")))}, excludes},
		{"exclusions_add_below", []*x509.Certificate{leaf, ca(exclude(testca.DNS("h.example"))), root(exclude(testca.DNS("g.example")))}, excludes},
		{"names_of_a_CA", []*x509.Certificate{leaf, ca(alt(testca.DNS("g.example"))), root(permit(testca.DNS("h.example")))}, permits},
		{"subject_of_a_CA", []*x509.Certificate{leaf, ca(), root(permit(testca.Directory(organization(printable, "x"))))}, permits},
		{"names_of_the_anchor_itself", []*x509.Certificate{leaf, ca(), root(permit(testca.DNS("h.example")), alt(testca.DNS("g.example")))}, ""},
		{"names_of_the_CA_itself", []*x509.Certificate{leaf, ca(permit(testca.DNS("h.example")), alt(testca.DNS("g.example"))), root()}, ""},
		{"names_of_a_self-issued_CA", []*x509.Certificate{leaf, again(alt(testca.DNS("g.example"))), ca(permit(testca.DNS("h.example"))), root()}, ""},
		{"constraints_of_a_self-issued_CA", []*x509.Certificate{leaf, again(permit(testca.DNS("g.example"))), ca(), root()}, permits},
		{"names_of_a_self-issued_leaf", []*x509.Certificate{made(cn("CA"), cn("CA"), alt(testca.DNS("g.example"))), ca(permit(testca.DNS("h.example"))), root()}, permits},
		{"constraints_of_the_leaf", []*x509.Certificate{made(empty, cn("CA"), alt(testca.DNS("a.h.example")), permit(testca.DNS("g.example"))), ca(), root()}, ""},
	} {
		t.Run(row.name, func(t *testing.T) { hold(t, nameconstraint.Check(row.path), row.want) })
	}
}

// An extension that is not exactly what it must be is refused, whatever the
// names below.
func TestExtensions(t *testing.T) {
	many := slices.Repeat(names(testca.DNS("h.example")), nameconstraint.MaxSubtrees)
	none := []testca.GeneralName{}
	one := names(testca.DNS("h.example"))
	const malformed, empties, distance, notOne = "are malformed", "are empty", "have a minimum or maximum", "that is not one"
	for _, row := range []struct {
		name        string
		constraints testca.Constraints
		want        string
	}{
		{"as_many_as_there_may_be", testca.Constraints{Permitted: many[1:], Excluded: names(testca.DNS("g.example"))}, ""},
		{"more_than_there_may_be", testca.Constraints{Permitted: many, Excluded: names(testca.DNS("g.example"))}, "have more than 128 subtrees"},
		{"nothing", testca.Constraints{Raw: []byte{}}, malformed},
		{"not_a_sequence", testca.Constraints{Raw: []byte{5, 0}}, malformed},
		{"empty", testca.Constraints{}, empties},
		{"permitted_empty", testca.Constraints{Permitted: none}, empties},
		{"excluded_empty", testca.Constraints{Excluded: none}, empties},
		{"permitted_empty_beside_excluded", testca.Constraints{Permitted: none, Excluded: one}, empties},
		{"excluded_empty_beside_permitted", testca.Constraints{Permitted: one, Excluded: none}, empties},
		{"trailing_bytes", testca.Constraints{Raw: []byte{0x30, 9, 0xa0, 7, 0x30, 5, 0x82, 3, 'a', '.', 'b', 0}}, malformed},
		{"trailing_element", testca.Constraints{Raw: []byte{0x30, 11, 0xa0, 7, 0x30, 5, 0x82, 3, 'a', '.', 'b', 5, 0}}, malformed},
		{"excluded_before_permitted", testca.Constraints{Raw: []byte{0x30, 14, 0xa1, 5, 0x30, 3, 0x82, 1, 'a', 0xa0, 5, 0x30, 3, 0x82, 1, 'b'}}, malformed},
		{"length_in_too_many_bytes", testca.Constraints{Raw: []byte{0x30, 8, 0xa0, 0x81, 5, 0x30, 3, 0x82, 1, 'a'}}, malformed},
		{"subtree_that_is_no_sequence", testca.Constraints{Raw: []byte{0x30, 5, 0xa0, 3, 0x82, 1, 'a'}}, malformed},
		{"subtree_without_base", testca.Constraints{Raw: []byte{0x30, 4, 0xa0, 2, 0x30, 0}}, malformed},
		{"base_of_no_kind", testca.Constraints{Permitted: names(testca.GeneralName{0x89, 1, 'a'})}, malformed},
		{"base_constructed", testca.Constraints{Permitted: names(testca.GeneralName{0xa2, 1, 'a'})}, malformed},
		{"minimum_zero", testca.Constraints{Permitted: one, Distance: []byte{0x80, 1, 0}}, distance},
		{"minimum_one", testca.Constraints{Excluded: one, Distance: []byte{0x80, 1, 1}}, distance},
		{"maximum", testca.Constraints{Permitted: one, Distance: []byte{0x81, 1, 3}}, distance},
		{"maximum_of_a_kind_that_is_not_compared", testca.Constraints{Permitted: names(other), Distance: []byte{0x81, 1, 3}}, distance},
		{"DNS_wildcard", testca.Constraints{Permitted: names(testca.DNS("*.h.example"))}, notOne},
		{"DNS_trailing_dot", testca.Constraints{Permitted: names(testca.DNS("h.example."))}, notOne},
		{"DNS_dot_alone", testca.Constraints{Permitted: names(testca.DNS("."))}, notOne},
		{"DNS_two_dots", testca.Constraints{Permitted: names(testca.DNS("..h.example"))}, notOne},
		{"DNS_outside_ASCII", testca.Constraints{Excluded: names(testca.DNS("ä.example"))}, notOne},
		{"URI_whole", testca.Constraints{Permitted: names(testca.URI("https://h.example"))}, notOne},
		{"URI_with_a_port", testca.Constraints{Permitted: names(testca.URI("h.example:443"))}, notOne},
		{"URI_address", testca.Constraints{Permitted: names(testca.URI("10.0.0.1"))}, notOne},
		{"mail_without_local_part", testca.Constraints{Permitted: names(testca.Mail("@h.example"))}, notOne},
		{"mail_quoted", testca.Constraints{Excluded: names(testca.Mail(`"a"@h.example`))}, notOne},
		{"IP_of_four_bytes", testca.Constraints{Permitted: names(testca.IP(10, 0, 0, 0))}, notOne},
		{"IP_of_sixteen_bytes", testca.Constraints{Permitted: names(testca.IP(make([]byte, 16)...))}, notOne},
		{"IP_mask_with_a_hole", testca.Constraints{Permitted: names(testca.IP(10, 0, 0, 0, 255, 0, 255, 0))}, notOne},
		{"IP_mask_with_a_hole_in_a_byte", testca.Constraints{Permitted: names(testca.IP(10, 0, 0, 0, 0xfd, 0, 0, 0))}, notOne},
		{"directory_not_a_name", testca.Constraints{Permitted: names(testca.GeneralName{0xa4, 2, 5, 0})}, notOne},
		{"directory_with_trailing_bytes", testca.Constraints{Permitted: names(testca.GeneralName{0xa4, 4, 0x30, 0, 5, 0})}, notOne},
		{"directory_implicit", testca.Constraints{Permitted: names(testca.GeneralName{0xa4, 0})}, notOne},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := made(empty, cn("CA"), testca.AltNames(testca.DNS("h.example")))
			hold(t, nameconstraint.Check([]*x509.Certificate{leaf, made(cn("CA"), cn("Root"), row.constraints.Edit), made(cn("Root"), cn("Root"))}), row.want)
			hold(t, nameconstraint.Check([]*x509.Certificate{leaf, made(cn("CA"), cn("Root"), row.constraints.Edit)}), row.want)
			if row.want != "" {
				hold(t, nameconstraint.Check([]*x509.Certificate{made(empty, cn("CA"), row.constraints.Edit), made(cn("CA"), cn("CA"))}), row.want)
			}
		})
	}
}
