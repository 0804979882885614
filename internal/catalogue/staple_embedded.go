// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// embeddedCases returns the cases for the certificates that a staple embeds
// (rule 6.3): how many, and that each parses, whatever its position and whoever
// signed.
func embeddedCases() []Case {
	junk := func(*Maker) []byte { return []byte{0x30, 0} }
	// Its last extension is missing its last byte.
	cut := func(m *Maker) []byte {
		der := slices.Clone(m.ca.Cert.Raw[:len(m.ca.Cert.Raw)-1])
		der[3]--
		return der
	}
	negative := func(m *Maker) []byte {
		der := slices.Clone(m.ca.Cert.Raw)
		der[bytes.Index(der, m.ca.Cert.SerialNumber.Bytes())] |= 0x80
		return der
	}
	issuer := func(list ...func(*Maker) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(m.ca, raw(m, list)...))
		})
	}
	delegate := func(before, behind []func(*Maker) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, slices.Concat(raw(m, before), []*x509.Certificate{delegate.Cert}, raw(m, behind))...))
		})
	}
	ca := func(m *Maker) []byte { return m.ca.Cert.Raw }
	named := func(names int) func(*Maker) []byte {
		return func(m *Maker) []byte {
			return m.newLeaf(m.ca, func(t *testca.Template) { t.DNSNames, t.URIs = slices.Repeat([]string{"a.test.example"}, names), nil }).Cert.Raw
		}
	}
	odd := []func(*Maker) []byte{junk}
	cases := []Case{
		{name: "staple_with_four_certificates", staples: embedding(4)},
		{name: "staple_with_five_certificates", staples: embedding(5), want: stapled.StapleMalformed},
		{name: "staple_with_an_empty_list_of_certificates",
			staples: oneStaple(around("signature", func(der []byte) []byte { return append(der, 0xa0, 2, 0x30, 0) }))},
		{name: "staple_with_an_empty_list_of_extensions", comment: "As in each answer of Vault and OpenBao.",
			staples: oneStaple(around("nextUpdate", after(0xa1, 2, 0x30, 0)))},
		{name: "staple_of_the_issuer_with_an_unparsable_certificate", staples: issuer(junk), want: stapled.StapleMalformed,
			comment: "It is not needed, but it is there."},
		{name: "staple_of_the_issuer_with_a_certificate_that_is_cut_off", staples: issuer(cut), want: stapled.StapleMalformed},
		{name: "staple_of_the_issuer_with_an_unparsable_certificate_behind_its_own", staples: issuer(ca, junk), want: stapled.StapleMalformed},
		{name: "staple_of_a_delegate_behind_an_unparsable_certificate", staples: delegate(odd, nil), want: stapled.StapleMalformed},
		{name: "staple_of_a_delegate_before_an_unparsable_certificate", staples: delegate(nil, odd), want: stapled.StapleMalformed},
		{name: "staple_of_a_delegate_between_two_unparsable_certificates", unpublished: true, staples: delegate(odd, odd), want: stapled.StapleMalformed},
		{name: "staple_with_an_unparsable_fourth_certificate", unpublished: true, staples: issuer(ca, ca, ca, junk), want: stapled.StapleMalformed},
		{name: "staple_of_a_delegate_that_is_cut_off", unpublished: true, want: stapled.StapleMalformed, staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, raw(m, []func(*Maker) []byte{cut})...))
		})},
		{name: "staple_of_nobody_with_an_unparsable_certificate", want: stapled.StapleMalformed, comment: "It comes before the question who signed.",
			staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, testca.SignedBy(m.stranger, raw(m, odd)...))
			})},
		{name: "staple_that_says_revoked_with_an_unparsable_certificate", want: stapled.StapleMalformed,
			staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, testca.SignedBy(m.ca, raw(m, odd)...), revoked)
			})},
		{name: "staple_of_the_intermediate_with_an_unparsable_certificate", want: stapled.StapleMalformed, comment: "No verifier needs the whole staple.",
			staples: func(m *Maker, leaf *testca.Party) [][]byte {
				return [][]byte{m.staple(leaf), m.staple(leaf.Issuer, testca.SignedBy(m.root, raw(m, odd)...))}
			}},
		{name: "staple_with_a_certificate_of_a_negative_serial", staples: issuer(negative), want: stapled.StapleMalformed},
		{name: "staple_with_a_certificate_of_64_names", staples: issuer(named(64))},
		{name: "staple_with_a_certificate_of_65_names", staples: issuer(named(65)), want: stapled.StapleMalformed},
	}
	parts := func(n int) func(*Maker) []byte {
		return func(m *Maker) []byte { return counted(n, extendedKeyUsages)(m).Cert.Raw }
	}
	sized := func(n int) func(*Maker) []byte {
		return func(*Maker) []byte {
			return stranger.Grown(n, func(n int) stranger.Certificate { return stranger.Certificate{Serial: bytes.Repeat([]byte{1}, n)} })
		}
	}
	cases = append(cases,
		Case{name: "staple_with_certificates_of_160_parts_each", staples: issuer(parts(stapled.MaxParts), parts(stapled.MaxParts))},
		Case{name: "staple_with_a_certificate_of_161_parts", staples: issuer(parts(stapled.MaxParts + 1)), want: stapled.StapleMalformed},
		Case{name: "staple_with_a_certificate_of_6144_bytes", staples: issuer(sized(stapled.MaxChainBytes))},
		Case{name: "staple_with_a_certificate_of_6145_bytes", staples: issuer(sized(stapled.MaxChainBytes + 1)), want: stapled.StapleMalformed},
	)
	for i := range cases {
		cases[i].rules = "6.3"
		if cases[i].want != "" && cases[i].name != "staple_with_five_certificates" {
			cases[i].row = "S33"
		}
	}
	return cases
}

func raw(m *Maker, list []func(*Maker) []byte) (certificates []*x509.Certificate) {
	for _, der := range list {
		certificates = append(certificates, &x509.Certificate{Raw: der(m)})
	}
	return certificates
}

// embedding embeds this many certificates, which the issuer's signature does
// not need.
func embedding(n int) func(*Maker, *testca.Party) [][]byte {
	return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
		return m.staple(leaf, func(r *testca.Response) { r.Certificates = slices.Repeat([]*x509.Certificate{m.ca.Cert}, n) })
	})
}

// writtenOutCases returns the leniencies of rule 6.3: values that DER omits
// because they are the default. Common software writes them, and every reader
// understands them the same way. It also returns what looks like one and is
// refused.
func writtenOutCases() []Case {
	note := func(r *testca.Response) { r.Extensions = []testca.Extension{{ID: privateOID, Value: []byte{5, 0}}} }
	critical := func(value ...byte) func([]byte) []byte {
		return func(der []byte) []byte {
			oid := int(der[1]) + 2
			return slices.Concat(der[:oid], value, der[oid:])
		}
	}
	// pss replaces the parameters of RSASSA-PSS. They are under the signature
	// algorithm's OID of 11 bytes.
	pss := func(name, comment string, change func(parameters []byte) []byte) Case {
		return Case{row: "S21", name: name, rules: "6.3 6.7", comment: comment, want: stapled.StapleUntrusted, leaf: below(testca.Keyed(testca.RSA2048)),
			staples: oneStaple(func(r *testca.Response) { r.Algorithm = x509.SHA256WithRSAPSS },
				inside("signatureAlgorithm", func(der []byte) []byte { return slices.Concat(der[:11], change(slices.Clone(der[11:]))) }))}
	}
	return []Case{
		{name: "staple_with_version_1_written_out", rules: "6.3", staples: oneStaple(around("responderID", before(0xa0, 3, 2, 1, 0)))},
		{name: "staple_with_critical_FALSE_written_out", rules: "6.3 6.4", staples: oneStaple(note, inside("Extension", critical(1, 1, 0)))},
		{name: "staple_with_critical_FALSE_of_a_single_response_written_out", rules: "6.3 6.4", staples: oneStaple(
			func(r *testca.Response) {
				r.Singles[0].Extensions = []testca.Extension{{ID: privateOID, Value: []byte{5, 0}}}
			},
			inside("Extension", critical(1, 1, 0)))},
		{name: "staple_with_critical_FALSE_in_two_bytes", rules: "6.3", want: stapled.StapleMalformed, staples: oneStaple(note, inside("Extension", critical(1, 2, 0, 0)))},
		{name: "staple_with_version_1_in_two_bytes", rules: "6.3", want: stapled.StapleMalformed, staples: oneStaple(around("responderID", before(0xa0, 4, 2, 2, 0, 0)))},
		{name: "staple_with_version_1_and_a_long_length", rules: "6.3", want: stapled.StapleMalformed, staples: oneStaple(around("responderID", before(0xa0, 0x81, 3, 2, 1, 0)))},
		{name: "staple_with_hash_parameters_of_another_type", rules: "6.3", want: stapled.StapleMalformed,
			staples: oneStaple(inside("hashAlgorithm", func(der []byte) []byte { return append(der[:len(der)-2:len(der)-2], 4, 0) }))},
		{name: "staple_with_ECDSA_parameters_that_are_NULL", rules: "6.3", want: stapled.StapleMalformed, staples: oneStaple(inside("signatureAlgorithm", more))},
		{name: "staple_with_Ed25519_parameters_that_are_NULL", rules: "6.3", want: stapled.StapleMalformed, leaf: below(testca.Keyed(testca.Ed25519)),
			staples: oneStaple(inside("signatureAlgorithm", more))},
		pss("staple_with_PSS_and_its_trailer_written_out", "Parameters of PSS have one encoding.", func(der []byte) []byte {
			der[1] += 5
			return append(der, 0xa3, 3, 2, 1, 1)
		}),
		pss("staple_with_PSS_and_no_hash_parameters", "The NULL of the hash is left out.", func(der []byte) []byte {
			return slices.Concat([]byte{0x30, der[1] - 2, 0xa0, 13, 0x30, 11}, der[6:17], der[19:])
		}),
	}
}
