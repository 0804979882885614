// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stapleSignerCases returns the cases for rules 6.7 to 6.9.
func stapleSignerCases() []Case {
	return slices.Concat(stapleAlgorithmCases(), stapleIssuerCases(), delegateCases(), goodDelegateCases())
}

// by makes a staple signed by a party that embeds its own certificate.
func by(signer func(m *Maker, leaf *testca.Party) *testca.Party, edits ...func(*testca.Response)) func(*Maker, *testca.Party) [][]byte {
	return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
		p := signer(m, leaf)
		return m.staple(leaf, append([]func(*testca.Response){testca.SignedBy(p, p.Cert)}, edits...)...)
	})
}

func byDelegate(edits ...testca.Edit) func(*Maker, *testca.Party) [][]byte {
	return by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca, edits...) })
}

// untrusted makes a forgery of a row: rules, name and description.
func untrusted(row, rules, name, comment string, staples func(*Maker, *testca.Party) [][]byte) Case {
	return Case{row: row, name: name, rules: rules, comment: comment, staples: staples, want: stapled.StapleUntrusted}
}

func stapleAlgorithmCases() []Case {
	algorithm := func(a x509.SignatureAlgorithm) func(*testca.Response) {
		return func(r *testca.Response) { r.Algorithm = a }
	}
	underRSA := func(s Case) Case {
		s.leaf = below(testca.Keyed(testca.RSA2048))
		return s
	}
	const rule = "6.7"
	// The first 11 bytes of the AlgorithmIdentifier are the OID.
	pss := func(change func([]byte) []byte) func(*Maker, *testca.Party) [][]byte {
		return oneStaple(algorithm(x509.SHA256WithRSAPSS), inside("signatureAlgorithm", change))
	}
	// Nothing signs the algorithm's OID; any would do.
	other := func(oid string) func(*testca.Response) {
		return inside("signatureAlgorithm", instead(unhex(oid)...))
	}
	return []Case{
		untrusted("S21", rule, "staple_signed_with_ECDSA_and_SHA-1", "", oneStaple(algorithm(x509.ECDSAWithSHA1))),
		underRSA(untrusted("S21", rule, "staple_signed_with_RSA_and_SHA-1", "", oneStaple(algorithm(x509.SHA1WithRSA)))),
		untrusted("S21", rule, "staple_signed_with_an_unknown_algorithm", "", oneStaple(other("06082a8648ce3d040305"))),
		underRSA(untrusted("S21", rule, "staple_signed_with_RSA_and_MD5", "Its algorithm says so.", oneStaple(other("06092a864886f70d0101040500")))),
		underRSA(untrusted("S21", rule, "staple_signed_with_PSS_without_parameters", "They would mean SHA-1.", oneStaple(other("06092a864886f70d01010a3000")))),
		untrusted("S21", rule, "staple_signed_with_ECDSA_and_SHA-1_by_a_delegate", "",
			by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca) }, algorithm(x509.ECDSAWithSHA1))),
		untrusted("S21", rule, "staple_of_an_algorithm_that_did_not_sign_it", "It says ECDSA with SHA-384.", oneStaple(other("06082a8648ce3d040303"))),
		underRSA(untrusted("S21", rule, "staple_signed_with_PSS_of_absent_parameters", "", pss(func(der []byte) []byte { return der[:11] }))),
		underRSA(untrusted("S21", rule, "staple_signed_with_PSS_of_another_salt_length", "", pss(func(der []byte) []byte {
			der[len(der)-1]--
			return der
		}))),
		underRSA(untrusted("S23", rule, "staple_signed_with_PSS_and_something_more", "", pss(more))),
		underRSA(untrusted("S21", "6.9", "delegate_signed_with_RSA_and_SHA-1", "", by(func(m *Maker, leaf *testca.Party) *testca.Party {
			return m.newDelegate(leaf.Issuer, signedWith(x509.SHA1WithRSA))
		}))),
		untrusted("S21", rule, "delegate_with_an_RSA_key_of_1024_bits", "", byDelegate(testca.Keyed(testca.RSA1024))),
		untrusted("S21", rule, "delegate_with_a_key_on_P-224", "", byDelegate(testca.Keyed(testca.P224))),
	}
}

func stapleIssuerCases() []Case {
	const rule = "6.8"
	self := func(_ *Maker, leaf *testca.Party) *testca.Party { return leaf }
	calledAs := func(id func(*x509.Certificate) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(leaf, leaf.Cert), func(r *testca.Response) { r.ResponderID = id(m.ca.Cert) })
		})
	}
	responder := func(id func(*x509.Certificate) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.ResponderID = id(m.other.Cert) })
		})
	}
	return []Case{
		untrusted("S01", rule, "staple_signed_by_the_leaf", "The leaf vouches for itself.", by(self)),
		untrusted("S01", rule, "staple_signed_by_the_leaf_named_by_key", "", by(self, func(r *testca.Response) {
			r.ResponderID = testca.ByKey(r.Certificates[0])
		})),
		untrusted("S02", rule, "staple_signed_by_the_leaf_in_the_name_of_the_issuer", "", calledAs(testca.ByName)),
		untrusted("S02", rule, "staple_signed_by_the_leaf_by_the_key_of_the_issuer", "It names the key, and signs by another.", calledAs(testca.ByKey)),
		untrusted("S02", rule, "staple_signed_by_the_leaf_embedding_the_issuer", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(leaf, m.ca.Cert, leaf.Cert), func(r *testca.Response) { r.ResponderID = testca.ByName(m.ca.Cert) })
		})),
		untrusted("S03", "6.8 6.9", "staple_signed_by_another_leaf_that_lacks_only_the_key_usage", "", by(func(m *Maker, _ *testca.Party) *testca.Party {
			return m.newLeaf(m.ca, testca.Named("other"), asDelegate)
		})),
		untrusted("S15", rule, "responder_id_names_an_embedded_delegate_where_the_issuer_signs", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, func(r *testca.Response) {
				r.ResponderID, r.Certificates = testca.ByName(delegate.Cert), []*x509.Certificate{delegate.Cert}
			})
		})),
		untrusted("S15", rule, "responder_id_is_the_issuers_key_where_a_delegate_signs", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert), func(r *testca.Response) { r.ResponderID = testca.ByKey(m.ca.Cert) })
		})),
		untrusted("S15", rule, "responder_id_is_an_empty_key_where_a_delegate_signs", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert), func(r *testca.Response) { r.ResponderID = []byte{0xa2, 2, 4, 0} })
		})),
		flipped(1), flipped(17), flipped(33), flipped(49),
		untrusted("S03", rule, "staple_signed_by_another_leaf", "", by(func(m *Maker, _ *testca.Party) *testca.Party { return m.other })),
		untrusted("S03", rule, "staple_signed_by_the_root", "The root has issued the issuer of the leaf, not the leaf.",
			by(func(m *Maker, _ *testca.Party) *testca.Party { return m.root })),
		untrusted("S03", rule, "staple_signed_by_a_sibling_of_the_issuer", "", by(func(m *Maker, _ *testca.Party) *testca.Party { return m.sibling })),
		untrusted("S03", rule, "staple_signed_by_a_stranger", "", by(func(m *Maker, _ *testca.Party) *testca.Party { return m.stranger })),
		untrusted("S02", rule, "staple_signed_by_a_stranger_in_the_name_of_the_issuer", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.SigningKey = m.stranger.Key })
		})),
		untrusted("S27", rule, "staple_with_a_broken_signature", "", oneStaple(inside("signature", flip))),
		untrusted("S27", rule, "staple_with_an_empty_signature", "", oneStaple(inside("signature", instead(0)))),
		untrusted("S15", rule, "responder_id_names_another", "The signature is the issuer's.", responder(testca.ByName)),
		untrusted("S15", rule, "responder_id_names_the_key_of_another", "The signature is the issuer's.", responder(testca.ByKey)),
		untrusted("S15", rule, "responder_id_is_an_empty_name", "", oneStaple(func(r *testca.Response) { r.ResponderID = []byte{0xa1, 2, 0x30, 0} })),
		untrusted("S15", rule, "responder_id_is_an_empty_key", "", oneStaple(func(r *testca.Response) { r.ResponderID = []byte{0xa2, 2, 4, 0} })),
		untrusted("S15", rule, "responder_id_is_the_issuers_where_a_delegate_signs", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert), func(r *testca.Response) { r.ResponderID = testca.ByName(m.ca.Cert) })
		})),
		untrusted("S15", "6.8 6.9", "delegate_not_embedded", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(m.newDelegate(m.ca)))
		})),
	}
}

// flipped flips a bit of the signature, this many bytes before the end.
func flipped(back int) Case {
	return untrusted("S27", "6.8", fmt.Sprintf("staple_with_a_bit_flipped_%d_bytes_before_the_end", back), "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
		der := m.staple(leaf)
		der[len(der)-back] ^= 1
		return der
	}))
}

// asDelegate gives a leaf everything of a delegate except the extended key
// usage.
func asDelegate(t *testca.Template) { t.ExtraExtensions = append(t.ExtraExtensions, testca.NoCheck) }

func delegateCases() []Case {
	const rule = "6.9"
	now, second := testca.Now, time.Second
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	delegated := func(issuer func(*Maker) *testca.Party, edits ...testca.Edit) func(*Maker, *testca.Party) [][]byte {
		return by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(issuer(m), edits...) })
	}
	return []Case{
		untrusted("S04", rule, "delegate_of_a_sibling_of_the_issuer", "", delegated(func(m *Maker) *testca.Party { return m.sibling })),
		untrusted("S04", rule, "delegate_of_the_root", "", delegated(func(m *Maker) *testca.Party { return m.root })),
		untrusted("S04", rule, "delegate_of_a_stranger", "", delegated(func(m *Maker) *testca.Party { return m.stranger })),
		untrusted("S05", rule, "delegate_of_a_namesake_of_the_issuer", "The name of the issuer, and another key.", delegated(func(m *Maker) *testca.Party {
			return alias(m.ca, m.ring.key(testca.P256, "namesake"), func(*x509.Certificate) {})
		})),
		untrusted("S04", rule, "delegate_under_another_name_of_the_issuer", "The key of the issuer, and another name.", delegated(func(m *Maker) *testca.Party {
			return alias(m.ca, m.ca.Key, func(c *x509.Certificate) { c.RawSubject = m.sibling.Cert.RawSubject })
		})),
		untrusted("S06", rule, "delegate_signed_by_itself", "", by(func(m *Maker, _ *testca.Party) *testca.Party {
			p := m.newDelegate(m.ca)
			return m.newDelegate(&testca.Party{Cert: &x509.Certificate{RawSubject: p.Cert.RawSubject}, Key: p.Key})
		})),
		untrusted("S06", rule, "delegate_signed_by_itself_in_the_name_of_the_issuer", "", delegated(func(m *Maker) *testca.Party {
			return alias(m.ca, m.ring.key(testca.P256, "Responder"), func(*x509.Certificate) {})
		})),
		untrusted("S10", rule, "delegate_of_a_delegate", "Both are embedded.", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			first := m.newDelegate(m.ca)
			second := m.newDelegate(first, testca.Named("Responder of a responder"))
			return m.staple(leaf, testca.SignedBy(second, second.Cert, first.Cert))
		})),
		untrusted("S10", rule, "delegate_of_a_delegate_of_the_name_of_the_issuer", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			first := m.newDelegate(m.ca, testca.Named("Intermediate"), testca.WithKey(m.ring.key(testca.P256, "Responder")))
			second := m.newDelegate(first, testca.Named("Responder of a responder"))
			return m.staple(leaf, testca.SignedBy(second, second.Cert, first.Cert))
		})),
		untrusted("S10", rule, "delegate_of_a_delegate_that_is_a_CA", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			first := m.newDelegate(m.ca, func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true })
			second := m.newDelegate(first, testca.Named("Responder of a responder"))
			return m.staple(leaf, testca.SignedBy(second, second.Cert, first.Cert))
		})),
		untrusted("S10", rule, "delegate_of_an_intermediate_below_the_issuer", "", stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			below := m.newCA(m.ca, testca.Named("Sibling"))
			delegate := m.newDelegate(below)
			return m.staple(leaf, testca.SignedBy(delegate, delegate.Cert, below.Cert))
		})),
		untrusted("S10", rule, "delegate_of_the_leaf", "", by(func(m *Maker, leaf *testca.Party) *testca.Party { return m.newDelegate(leaf) })),
		untrusted("S01", rule, "delegate_with_the_key_of_the_leaf", "Whoever holds the key of the leaf would go on vouching for it.",
			by(func(m *Maker, leaf *testca.Party) *testca.Party { return m.newDelegate(m.ca, testca.WithKey(leaf.Key)) })),
		untrusted("S01", rule, "delegate_with_the_key_of_the_leaf_encoded_otherwise", "The point is shifted by unused bits, which some parsers shift back.",
			by(func(m *Maker, leaf *testca.Party) *testca.Party {
				return m.newDelegate(m.ca, testca.WithKey(leaf.Key)).Alias(3)
			})),
		untrusted("S21", "6.7", "delegate_key_with_unused_bits", "Some parsers shift the bits back.",
			by(func(m *Maker, leaf *testca.Party) *testca.Party { return m.newDelegate(m.ca).Alias(3) })),
		{row: "S01", name: "leaf_that_is_a_delegate_signs_its_own_staple", rules: rule, want: stapled.StapleUntrusted,
			leaf:    client(asDelegate, func(t *testca.Template) { t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) }),
			staples: by(func(_ *Maker, leaf *testca.Party) *testca.Party { return leaf })},
		{row: "S01", name: "leaf_that_lacks_only_the_key_usage_signs_its_own_staple", rules: rule, want: stapled.StapleUntrusted,
			leaf: client(asDelegate), staples: by(func(_ *Maker, leaf *testca.Party) *testca.Party { return leaf })},
		untrusted("S08", rule, "delegate_for_key_agreement", "", byDelegate(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyAgreement })),
		untrusted("S07", rule, "delegate_expired", "No leeway stretches an end.", byDelegate(testca.Valid(from, now.Add(-second)))),
		untrusted("S07", rule, "delegate_not_yet_valid", "A second beyond the leeway.", byDelegate(testca.Valid(now.Add(time.Minute+second), to))),
		{row: "S07", name: "delegate_not_yet_valid_half_a_second_beyond_the_leeway", rules: rule, at: -time.Minute - second/2, edit: times(-2*time.Minute, -2*time.Minute, lifetime/2),
			staples: byDelegate(testca.Valid(now, to)), want: stapled.StapleUntrusted},
		{row: "S07", name: "delegate_not_yet_valid_by_a_verifier_without_a_leeway", rules: rule, policy: func(p *Policy) { p.Leeway = 0 },
			staples: byDelegate(testca.Valid(now.Add(second), to)), want: stapled.StapleUntrusted},
		untrusted("S08", rule, "delegate_is_a_CA", "", byDelegate(func(t *testca.Template) {
			t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, t.KeyUsage|x509.KeyUsageCertSign
		})),
		untrusted("S08", rule, "delegate_without_digitalSignature", "", byDelegate(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageContentCommitment })),
		untrusted("S08", rule, "delegate_without_key_usage", "", byDelegate(func(t *testca.Template) { t.KeyUsage = 0 })),
		untrusted("S08", rule, "delegate_for_any_extended_key_usage", "", byDelegate(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageAny))),
		untrusted("S08", rule, "delegate_for_clients", "", byDelegate(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageClientAuth))),
		untrusted("S08", rule, "delegate_without_extended_key_usage", "", byDelegate(uses(x509.KeyUsageDigitalSignature))),
		untrusted("S09", rule, "delegate_without_nocheck", "Nobody could ask for the status of the delegate.",
			byDelegate(func(t *testca.Template) { t.ExtraExtensions = nil })),
		untrusted("S08", rule, "delegate_with_unknown_critical_extension", "", byDelegate(extension(true))),
		untrusted("S21", rule, "delegate_signed_with_SHA-1", "", byDelegate(signedWith(x509.ECDSAWithSHA1))),
		untrusted("S05", rule, "delegate_with_a_broken_signature", "", by(func(m *Maker, _ *testca.Party) *testca.Party {
			p := m.newDelegate(m.ca)
			return withCert(p, flip(p.Cert.Raw))
		})),
	}
}

func goodDelegateCases() []Case {
	now, minute := testca.Now, time.Minute
	cases := []Case{
		{name: "delegate", staples: byDelegate()},
		{name: "delegate_named_by_key", staples: by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca) },
			func(r *testca.Response) { r.ResponderID = testca.ByKey(r.Certificates[0]) })},
		{name: "delegate_after_other_certificates", staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			delegate := m.newDelegate(m.ca)
			return m.staple(leaf, testca.SignedBy(delegate, m.ca.Cert, m.other.Cert, delegate.Cert))
		})},
		{name: "delegate_after_its_expired_certificate", staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
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
		{name: "delegate_that_begins_within_the_leeway", at: -minute, staples: byDelegate(testca.Valid(now, now.Add(time.Hour)))},
		{name: "delegate_that_begins_within_a_short_leeway", at: -5 * time.Second, policy: func(p *Policy) { p.Leeway = 5 },
			staples: byDelegate(testca.Valid(now, now.Add(time.Hour)))},
		{name: "delegate_of_the_intermediate_that_begins_within_the_leeway", at: -minute, policy: wholeChain, staples: func(m *Maker, leaf *testca.Party) [][]byte {
			delegate := m.newDelegate(m.root, testca.Valid(now, now.Add(time.Hour)))
			return [][]byte{m.staple(leaf), m.staple(m.ca, testca.SignedBy(delegate, delegate.Cert))}
		}},
		{name: "delegate_that_ends_before_the_token", staples: byDelegate(testca.Valid(now.Add(-time.Hour), now.Add(minute))), freshUntil: until(minute)},
		{name: "delegate_for_the_intermediate", policy: wholeChain, staples: func(m *Maker, leaf *testca.Party) [][]byte {
			delegate := m.newDelegate(m.root)
			return [][]byte{m.staple(leaf), m.staple(m.ca, testca.SignedBy(delegate, delegate.Cert))}
		}},
	}
	for i := range cases {
		cases[i].rules = "6.9"
	}
	return append(cases,
		Case{name: "issuer_named_by_key", rules: "6.8", staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) { r.ResponderID = testca.ByKey(m.ca.Cert) })
		})},
		Case{name: "issuer_embeds_its_own_certificate", rules: "6.8", staples: by(func(m *Maker, _ *testca.Party) *testca.Party { return m.ca }),
			comment: "It is of no consequence, although it is a CA's and lacks OCSPSigning."},
	)
}
