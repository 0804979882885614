// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// partsCases returns the cases about what rule 3.2 counts before a certificate
// is parsed.
func partsCases() []Case {
	var cases []Case
	for _, kind := range []struct {
		name string
		add  func(t *testca.Template, n int)
		// leafless kinds mean something else in a leaf, so that no token has as many
		// as may be.
		leafless bool
	}{
		{"policies", listed(asn1.ObjectIdentifier{2, 5, 29, 32}, func(i int) []byte { return der(cbasn1.SEQUENCE, policyID(i)) }), false},
		{"policy_mappings", listed(asn1.ObjectIdentifier{2, 5, 29, 33}, func(i int) []byte { return der(cbasn1.SEQUENCE, policyID(i), policyID(i)) }), true},
		{"extended_key_usages", extendedKeyUsages, false},
		{"names_and_extended_key_usages", func(t *testca.Template, n int) {
			names := min(n, stapled.MaxNames-2) // it has two
			t.DNSNames = append(t.DNSNames, slices.Repeat([]string{clientDNS}, names)...)
			extendedKeyUsages(t, n-names)
		}, false},
		{"CRL_distribution_points", listed(asn1.ObjectIdentifier{2, 5, 29, 31}, func(int) []byte { return der(cbasn1.SEQUENCE) }), false},
		{"names_of_a_CRL_distribution_point", func(t *testca.Template, n int) {
			names := bytes.Repeat(der(cbasn1.Tag(6).ContextSpecific(), []byte("a:")), n)
			point := der(cbasn1.SEQUENCE, der(explicit(0), der(explicit(0), names)))
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 31}, Value: der(cbasn1.SEQUENCE, point)})
		}, false},
		{"authority_information_accesses", listed(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}, func(i int) []byte {
			return der(cbasn1.SEQUENCE, policyID(i), der(cbasn1.Tag(6).ContextSpecific(), []byte("a:")))
		}), false},
		{"permitted_names", func(t *testca.Template, n int) {
			for i := range n {
				t.PermittedDNSDomains = append(t.PermittedDNSDomains, fmt.Sprintf("%d.example", i))
			}
		}, true},
		{"excluded_names", func(t *testca.Template, n int) {
			for i := range n {
				t.ExcludedDNSDomains = append(t.ExcludedDNSDomains, fmt.Sprintf("%d.example", i))
			}
		}, true},
		{"attributes", func(t *testca.Template, n int) {
			for i := range n {
				t.Subject.ExtraNames = append(t.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: fmt.Sprint(i)})
			}
		}, false},
		{"attributes_in_one_RDN", func(t *testca.Template, n int) {
			attribute := der(cbasn1.SEQUENCE, []byte{6, 3, 0x55, 4, 11}, der(cbasn1.PrintableString, []byte("a")))
			t.RawSubject = der(cbasn1.SEQUENCE, der(cbasn1.SET, bytes.Repeat(attribute, 1+n)))
		}, false},
		{"extensions", func(t *testca.Template, n int) {
			for i := range n / 2 {
				t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 4, i}})
			}
			for range n % 2 {
				t.UnknownExtKeyUsage = append(t.UnknownExtKeyUsage, privateOID)
			}
		}, false},
	} {
		if !kind.leafless {
			cases = append(cases, Case{name: fmt.Sprintf("certificate_with_%d_parts_by_%s", stapled.MaxParts, kind.name), rules: "3.2", leaf: counted(stapled.MaxParts, kind.add)})
		}
		cases = append(cases, Case{name: fmt.Sprintf("certificate_with_%d_parts_by_%s", stapled.MaxParts+1, kind.name), rules: "3.2",
			leaf: counted(stapled.MaxParts+1, kind.add), want: stapled.ChainInvalid})
	}
	usages := func(n int) testca.Edit {
		return func(t *testca.Template) { extendedKeyUsages(t, n) }
	}
	// Each of the two alone has half as many parts as may be.
	together := func(more int) func(m *Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			half := stapled.MaxParts / 2
			anyUsage := func(t *testca.Template) { t.ExtKeyUsage = append(t.ExtKeyUsage, 0) } // any, so that it may issue the leaf
			parts := partsOf(m.newCA(m.root, anyUsage, usages(1)).Cert) - 1
			ca := m.newCA(m.root, anyUsage, usages(half-parts))
			parts = partsOf(m.newLeaf(ca).Cert)
			return m.newLeaf(ca, usages(half-parts+more))
		}
	}
	identifier := func(octets int) func(*Maker) *testca.Party {
		id := asn1.ObjectIdentifier{1, 3}
		for range octets - 1 {
			id = append(id, 127)
		}
		return client(func(t *testca.Template) {
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: id, Value: []byte{5, 0}})
		})
	}
	long := func(octets int) string {
		const start = "spiffe://test.example/"
		return start + strings.Repeat("a", octets-len(start))
	}
	at, above := long(stapled.MaxNameBytes), long(stapled.MaxNameBytes+1)
	// Names of 64 bytes, and one that fills up.
	sized := func(size int) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party {
			names := func(last int) testca.Edit {
				return func(t *testca.Template) {
					for range 44 {
						t.DNSNames = append(t.DNSNames, strings.Repeat("a", 62))
					}
					t.DNSNames = append(t.DNSNames, strings.Repeat("b", last))
				}
			}
			_, _, bytes := stranger.Parts(m.newLeaf(m.root, names(400)).Cert)
			return m.newLeaf(m.root, names(400+size-bytes))
		}
	}
	return append(cases,
		Case{name: "certificate_with_lists_of_3584_bytes", rules: "3.2", leaf: sized(stapled.MaxPartBytes)},
		Case{name: "certificate_with_lists_of_3585_bytes", rules: "3.2", leaf: sized(stapled.MaxPartBytes + 1), want: stapled.ChainInvalid},
		Case{name: "certificates_with_160_parts_together", rules: "3.2", leaf: together(0)},
		Case{name: "certificates_with_161_parts_together", rules: "3.2", leaf: together(1), want: stapled.ChainInvalid},
		Case{name: "certificate_with_an_extension_of_an_identifier_of_16_bytes", rules: "3.2", leaf: identifier(stapled.MaxExtensionIDBytes)},
		Case{name: "certificate_with_an_extension_of_an_identifier_of_17_bytes", rules: "3.2", leaf: identifier(stapled.MaxExtensionIDBytes + 1), want: stapled.ChainInvalid},
		Case{name: "certificate_with_a_name_of_1024_bytes", rules: "3.2", leaf: named([]string{at}), edit: claim("iss", at), issuer: at, identity: at},
		Case{name: "certificate_with_a_name_of_1025_bytes", rules: "3.2", leaf: named([]string{above}), edit: claim("iss", above), want: stapled.ChainInvalid},
		Case{name: "certificate_with_a_name_constraint_of_1025_bytes", rules: "3.2", want: stapled.ChainInvalid, leaf: below(func(t *testca.Template) {
			t.ExcludedDNSDomains = []string{strings.Repeat("a", stapled.MaxNameBytes+1)}
		})},
		Case{name: "certificate_with_a_key_algorithm_of_128_bytes", rules: "3.2 3.4", want: stapled.AlgorithmRejected, edit: madeUp(stranger.Certificate{Key: algorithmOf(stapled.MaxAlgorithmBytes)})},
		Case{name: "certificate_with_a_key_algorithm_of_129_bytes", rules: "3.2", want: stapled.ChainInvalid, edit: madeUp(stranger.Certificate{Key: algorithmOf(stapled.MaxAlgorithmBytes + 1)})},
		Case{name: "certificate_with_an_empty_RDN", rules: "3.2", want: stapled.ChainInvalid, leaf: client(func(t *testca.Template) {
			t.RawSubject = []byte{0x30, 2, 0x31, 0}
		})},
		Case{name: "certificate_with_an_empty_subject", rules: "3.2", leaf: client(func(t *testca.Template) { t.RawSubject = []byte{0x30, 0} })},
	)
}

// algorithmOf is a key of an algorithm that nobody knows, and whose identifier
// has so many bytes.
func algorithmOf(size int) []byte {
	parameters := der(cbasn1.OCTET_STRING, make([]byte, size-5-2))
	return stranger.Key("1.3.101.99", parameters, []byte{1})
}

// madeUp puts a certificate that nobody signed in the place of the leaf.
func madeUp(c stranger.Certificate) edit {
	return func(m *Maker, t *testca.Token) {
		c.Issuer, c.Subject = m.ca.Cert.RawSubject, m.client.Cert.RawSubject
		x5c(0, func(string) string { return standard(c.DER()) })(m, t)
	}
}

// counted makes a client directly below the root whose certificate has so many
// parts.
func counted(parts int, add func(t *testca.Template, n int)) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party {
		one := partsOf(m.newLeaf(m.root, func(t *testca.Template) { add(t, 2) }).Cert)
		leaf := m.newLeaf(m.root, func(t *testca.Template) { add(t, parts-one+2) })
		if n := partsOf(leaf.Cert); n != parts {
			panic(fmt.Sprintf("%d parts instead of %d", n, parts))
		}
		return leaf
	}
}

func extendedKeyUsages(t *testca.Template, n int) {
	for i := range n {
		t.UnknownExtKeyUsage = append(t.UnknownExtKeyUsage, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 3, i})
	}
}

func partsOf(c *x509.Certificate) int {
	parts, _, _ := stranger.Parts(c)
	return parts
}

// listed adds an extension that is a SEQUENCE of n elements.
func listed(id asn1.ObjectIdentifier, element func(i int) []byte) func(t *testca.Template, n int) {
	return func(t *testca.Template, n int) {
		var content []byte
		for i := range n {
			content = append(content, element(i)...)
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: id, Value: der(cbasn1.SEQUENCE, content)})
	}
}

func policyID(i int) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 2, i})
	return b.BytesOrPanic()
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

func der(tag cbasn1.Tag, content ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, c := range content {
			b.AddBytes(c)
		}
	})
	return b.BytesOrPanic()
}
