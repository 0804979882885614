// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stapleSignerCases are about rules 6.7 to 6.9.
func stapleSignerCases() []spec {
	return slices.Concat(stapleAlgorithmCases(), stapleIssuerCases(), delegateCases(), goodDelegateCases())
}

// by is a staple signed by a party that embeds its own certificate.
func by(signer func(m *maker, leaf *testca.Party) *testca.Party, edits ...func(*testca.Response)) func(*maker, *testca.Party) [][]byte {
	return stapleFor(func(m *maker, leaf *testca.Party) []byte {
		p := signer(m, leaf)
		return m.staple(leaf, append([]func(*testca.Response){testca.SignedBy(p, p.Cert)}, edits...)...)
	})
}

func byDelegate(edits ...testca.Edit) func(*maker, *testca.Party) [][]byte {
	return by(func(m *maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca, edits...) })
}

func untrusted(rules, name, comment string, staples func(*maker, *testca.Party) [][]byte) spec {
	return spec{name: name, rules: rules, comment: comment, staples: staples, want: stapled.StapleUntrusted}
}

func stapleAlgorithmCases() []spec {
	algorithm := func(a x509.SignatureAlgorithm) func(*testca.Response) {
		return func(r *testca.Response) { r.Algorithm = a }
	}
	underRSA := func(s spec) spec {
		s.leaf = below(testca.Keyed(testca.RSA2048))
		return s
	}
	const rule = "6.7"
	// The OID of the algorithm is signed over by nobody; any would do.
	other := func(oid string) func(*testca.Response) {
		return inside("signatureAlgorithm", instead(unhex(oid)...))
	}
	return []spec{
		untrusted(rule, "staple_signed_with_ECDSA_and_SHA-1", "", oneStaple(algorithm(x509.ECDSAWithSHA1))),
		underRSA(untrusted(rule, "staple_signed_with_RSA_and_SHA-1", "", oneStaple(algorithm(x509.SHA1WithRSA)))),
		untrusted(rule, "staple_signed_with_an_unknown_algorithm", "", oneStaple(other("06082a8648ce3d040305"))),
		underRSA(untrusted(rule, "staple_signed_with_RSA_and_MD5", "Its algorithm says so.", oneStaple(other("06092a864886f70d0101040500")))),
		underRSA(untrusted(rule, "staple_signed_with_PSS_without_parameters", "They would mean SHA-1.", oneStaple(other("06092a864886f70d01010a3000")))),
		untrusted(rule, "delegate_with_an_RSA_key_of_1024_bits", "", byDelegate(testca.Keyed(testca.RSA1024))),
		untrusted(rule, "delegate_with_a_key_on_P-224", "", byDelegate(testca.Keyed(testca.P224))),
	}
}

func stapleIssuerCases() []spec {
	const rule = "6.8"
	self := func(_ *maker, leaf *testca.Party) *testca.Party { return leaf }
	calledAs := func(id func(*x509.Certificate) []byte) func(*maker, *testca.Party) [][]byte {
		return stapleFor(func(m *maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(leaf, leaf.Cert), func(r *testca.Response) { r.ResponderID = id(m.ca.Cert) })
		})
	}
	responder := func(id func(*x509.Certificate) []byte) func(*maker, *testca.Party) [][]byte {
		return stapleFor(func(m *maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.ResponderID = id(m.other.Cert) })
		})
	}
	return []spec{
		untrusted(rule, "staple_signed_by_the_leaf", "The leaf vouches for itself.", by(self)),
		untrusted(rule, "staple_signed_by_the_leaf_named_by_key", "", by(self, func(r *testca.Response) {
			r.ResponderID = testca.ByKey(r.Certificates[0])
		})),
		untrusted(rule, "staple_signed_by_the_leaf_in_the_name_of_the_issuer", "", calledAs(testca.ByName)),
		untrusted(rule, "staple_signed_by_the_leaf_by_the_key_of_the_issuer", "It names the key, and signs by another.", calledAs(testca.ByKey)),
		untrusted(rule, "staple_signed_by_another_leaf", "", by(func(m *maker, _ *testca.Party) *testca.Party { return m.other })),
		untrusted(rule, "staple_signed_by_the_root", "The root has issued the issuer of the leaf, not the leaf.",
			by(func(m *maker, _ *testca.Party) *testca.Party { return m.root })),
		untrusted(rule, "staple_signed_by_a_sibling_of_the_issuer", "", by(func(m *maker, _ *testca.Party) *testca.Party { return m.sibling })),
		untrusted(rule, "staple_signed_by_a_stranger", "", by(func(m *maker, _ *testca.Party) *testca.Party { return m.stranger })),
		untrusted(rule, "staple_signed_by_a_stranger_in_the_name_of_the_issuer", "", stapleFor(func(m *maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.SigningKey = m.stranger.Key })
		})),
		untrusted(rule, "staple_with_a_broken_signature", "", oneStaple(inside("signature", flip))),
		untrusted(rule, "staple_with_an_empty_signature", "", oneStaple(inside("signature", instead(0)))),
		untrusted(rule, "responder_id_names_another", "The signature is the issuer's.", responder(testca.ByName)),
		untrusted(rule, "responder_id_names_the_key_of_another", "The signature is the issuer's.", responder(testca.ByKey)),
		untrusted(rule, "responder_id_is_an_empty_name", "", oneStaple(func(r *testca.Response) { r.ResponderID = []byte{0xa1, 2, 0x30, 0} })),
		untrusted(rule, "responder_id_is_an_empty_key", "", oneStaple(func(r *testca.Response) { r.ResponderID = []byte{0xa2, 2, 4, 0} })),
		untrusted(rule, "responder_id_is_the_issuers_where_a_delegate_signs", "", stapleFor(func(m *maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert), func(r *testca.Response) { r.ResponderID = testca.ByName(m.ca.Cert) })
		})),
		untrusted("6.8 6.9", "delegate_not_embedded", "", stapleFor(func(m *maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(m.newDelegate(m.ca)))
		})),
	}
}

func delegateCases() []spec {
	const rule = "6.9"
	now, second := testca.Now, time.Second
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	delegated := func(issuer func(*maker) *testca.Party, edits ...testca.Edit) func(*maker, *testca.Party) [][]byte {
		return by(func(m *maker, _ *testca.Party) *testca.Party { return m.newDelegate(issuer(m), edits...) })
	}
	return []spec{
		untrusted(rule, "delegate_of_a_sibling_of_the_issuer", "", delegated(func(m *maker) *testca.Party { return m.sibling })),
		untrusted(rule, "delegate_of_the_root", "", delegated(func(m *maker) *testca.Party { return m.root })),
		untrusted(rule, "delegate_of_a_stranger", "", delegated(func(m *maker) *testca.Party { return m.stranger })),
		untrusted(rule, "delegate_of_a_namesake_of_the_issuer", "The name of the issuer, and another key.", delegated(func(m *maker) *testca.Party {
			return alias(m.ca, m.ring.key(testca.P256, "namesake"), func(*x509.Certificate) {})
		})),
		untrusted(rule, "delegate_under_another_name_of_the_issuer", "The key of the issuer, and another name.", delegated(func(m *maker) *testca.Party {
			return alias(m.ca, m.ca.Key, func(c *x509.Certificate) { c.RawSubject = m.sibling.Cert.RawSubject })
		})),
		untrusted(rule, "delegate_signed_by_itself", "", by(func(m *maker, _ *testca.Party) *testca.Party {
			p := m.newDelegate(m.ca)
			return m.newDelegate(&testca.Party{Cert: &x509.Certificate{RawSubject: p.Cert.RawSubject}, Key: p.Key})
		})),
		untrusted(rule, "delegate_signed_by_itself_in_the_name_of_the_issuer", "", delegated(func(m *maker) *testca.Party {
			return alias(m.ca, m.ring.key(testca.P256, "Responder"), func(*x509.Certificate) {})
		})),
		untrusted(rule, "delegate_of_a_delegate", "Both are embedded.", stapleFor(func(m *maker, leaf *testca.Party) []byte {
			first := m.newDelegate(m.ca)
			second := m.newDelegate(first, testca.Named("Responder of a responder"))
			return m.staple(leaf, testca.SignedBy(second, second.Cert, first.Cert))
		})),
		untrusted(rule, "delegate_of_the_leaf", "", by(func(m *maker, leaf *testca.Party) *testca.Party { return m.newDelegate(leaf) })),
		untrusted(rule, "delegate_with_the_key_of_the_leaf", "Whoever holds the key of the leaf would go on vouching for it.",
			by(func(m *maker, leaf *testca.Party) *testca.Party { return m.newDelegate(m.ca, testca.WithKey(leaf.Key)) })),
		untrusted(rule, "delegate_expired", "", byDelegate(testca.Valid(from, now.Add(-second)))),
		untrusted(rule, "delegate_not_yet_valid", "", byDelegate(testca.Valid(now.Add(second), to))),
		untrusted(rule, "delegate_is_a_CA", "", byDelegate(func(t *testca.Template) {
			t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, t.KeyUsage|x509.KeyUsageCertSign
		})),
		untrusted(rule, "delegate_without_digitalSignature", "", byDelegate(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageContentCommitment })),
		untrusted(rule, "delegate_without_key_usage", "", byDelegate(func(t *testca.Template) { t.KeyUsage = 0 })),
		untrusted(rule, "delegate_for_any_extended_key_usage", "", byDelegate(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageAny))),
		untrusted(rule, "delegate_for_clients", "", byDelegate(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageClientAuth))),
		untrusted(rule, "delegate_without_extended_key_usage", "", byDelegate(uses(x509.KeyUsageDigitalSignature))),
		untrusted(rule, "delegate_without_nocheck", "Nobody could ask for the status of the delegate.",
			byDelegate(func(t *testca.Template) { t.ExtraExtensions = nil })),
		untrusted(rule, "delegate_with_unknown_critical_extension", "", byDelegate(extension(true))),
		untrusted(rule, "delegate_signed_with_SHA-1", "", byDelegate(signedWith(x509.ECDSAWithSHA1))),
		untrusted(rule, "delegate_with_a_broken_signature", "", by(func(m *maker, _ *testca.Party) *testca.Party {
			p := m.newDelegate(m.ca)
			return withCert(p, flip(p.Cert.Raw))
		})),
	}
}

func goodDelegateCases() []spec {
	now, minute := testca.Now, time.Minute
	cases := []spec{
		{name: "delegate", staples: byDelegate()},
		{name: "delegate_named_by_key", staples: by(func(m *maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca) },
			func(r *testca.Response) { r.ResponderID = testca.ByKey(r.Certificates[0]) })},
		{name: "delegate_after_other_certificates", staples: stapleFor(func(m *maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, m.ca.Cert, m.other.Cert, delegate.Cert))
		})},
		{name: "delegate_after_its_expired_certificate", staples: stapleFor(func(m *maker, leaf *testca.Party) []byte {
			old, delegate := m.newDelegate(m.ca, testca.Valid(now.Add(-time.Hour), now.Add(-minute))), m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, old.Cert, delegate.Cert))
		})},
		{name: "delegate_with_critical_nocheck", staples: byDelegate(func(t *testca.Template) {
			nocheck := testca.NoCheck
			nocheck.Critical = true
			t.ExtraExtensions = append(t.ExtraExtensions[:0:0], nocheck)
		})},
		{name: "delegate_with_unknown_extension", staples: byDelegate(extension(false))},
		{name: "delegate_with_the_name_of_the_issuer", staples: byDelegate(testca.Named("Intermediate"), func(t *testca.Template) {
			t.Key = nil
			t.Kind = testca.P384 // another key than the issuer's
		})},
		{name: "delegate_in_its_last_second", staples: byDelegate(testca.Valid(now.Add(-time.Hour), now)), freshUntil: until(0)},
		{name: "delegate_in_its_first_second", staples: byDelegate(testca.Valid(now, now.Add(time.Hour)))},
		{name: "delegate_that_ends_before_the_token", staples: byDelegate(testca.Valid(now.Add(-time.Hour), now.Add(minute))), freshUntil: until(minute)},
		{name: "delegate_for_the_intermediate", policy: wholeChain, staples: func(m *maker, leaf *testca.Party) [][]byte {
			delegate := m.newDelegate(m.root)
			return [][]byte{m.staple(leaf), m.staple(m.ca, testca.SignedBy(delegate, delegate.Cert))}
		}},
	}
	for i := range cases {
		cases[i].rules = "6.9"
	}
	return append(cases,
		spec{name: "issuer_named_by_key", rules: "6.8", staples: stapleFor(func(m *maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.ResponderID = testca.ByKey(m.ca.Cert) })
		})},
		spec{name: "issuer_embeds_its_own_certificate", rules: "6.8", staples: by(func(m *maker, _ *testca.Party) *testca.Party { return m.ca }),
			comment: "It is of no consequence, although it is a CA's and lacks OCSPSigning."},
	)
}
