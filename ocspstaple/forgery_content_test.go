// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// single is an attempt whose one SingleResponse is edited.
func single(edit func(*testca.Single)) func(*attempt) {
	return response(func(r *testca.Response) { edit(&r.Singles[0]) })
}

// another makes a CertID of a CA's certificate with the serial of the leaf.
func another(a *attempt, ca *testca.Party) testca.Single {
	twin := ca.Leaf(func(c *testca.Template) { c.SerialNumber = a.leaf.Cert.SerialNumber })
	return testca.NewSingle(twin.Cert, ca.Cert, crypto.SHA256)
}

// subjectForgeries are authentic answers about another certificate, or about
// more or fewer than one.
var subjectForgeries = []forgery{
	{"S11_serial_of_another_CA", ocspstaple.Mismatch, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0] = another(a, testca.New(testca.Named("Other")))
		})
	}},
	{"S11_serial_of_another_CA_with_the_issuers_key", ocspstaple.Mismatch, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0] = another(a, testca.New(testca.Named("Other"), testca.WithKey(a.ca.Key)))
		})
	}},
	{"S11_serial_of_another_CA_with_the_issuers_name", ocspstaple.Mismatch, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0] = another(a, a.root.Intermediate(testca.WithKey(testca.Key(testca.P256, "namesake"))))
		})
	}},
	{"S11_hash_that_is_not_known", ocspstaple.Mismatch, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0] = testca.NewSingle(a.leaf.Cert, a.ca.Cert, crypto.MD5)
		})
	}},
	{"S11_digests_of_another_hash", ocspstaple.Mismatch, single(func(s *testca.Single) { s.Hash = crypto.SHA384 })},
	{"S11_digests_cut_short", ocspstaple.Mismatch, single(func(s *testca.Single) {
		s.NameHash, s.KeyHash = s.NameHash[:20], s.KeyHash[:20]
	})},
	{"S11_digests_empty", ocspstaple.Mismatch, single(func(s *testca.Single) { s.NameHash, s.KeyHash = nil, nil })},
	{"S11_issuer_of_another_name_with_the_same_key", ocspstaple.Mismatch, func(a *attempt) {
		namesake := a.root.Intermediate(testca.Named("Other"), testca.WithKey(a.ca.Key))
		a.issuer = namesake.Cert
		a.staple(testca.SignedBy(namesake), func(r *testca.Response) {
			r.Singles[0] = testca.NewSingle(a.leaf.Cert, namesake.Cert, crypto.SHA256)
		})
	}},
	{"S12_another_serial", ocspstaple.Mismatch, single(func(s *testca.Single) {
		s.Serial = new(big.Int).Add(s.Serial, big.NewInt(1))
	})},
	{"S12_negative_serial", ocspstaple.Mismatch, single(func(s *testca.Single) { s.Serial = new(big.Int).Neg(s.Serial) })},
	{"S12_serial_cut_to_64_bits", ocspstaple.Mismatch, single(func(s *testca.Single) {
		s.Serial = new(big.Int).Add(s.Serial, new(big.Int).Lsh(big.NewInt(1), 64))
	})},
	{"S13_good_for_another_and_revoked_for_ours", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles = []testca.Single{r.Singles[0], r.Singles[0]}
			r.Singles[0].Serial = big.NewInt(7)
			r.Singles[1].Status = testca.Revoked
		})
	}},
	{"S13_good_for_ours_and_good_for_another", ocspstaple.Malformed, response(func(r *testca.Response) {
		r.Singles = append(r.Singles, r.Singles[0])
		r.Singles[1].Serial = big.NewInt(7)
	})},
	{"S13_good_and_revoked", ocspstaple.Malformed, response(func(r *testca.Response) {
		r.Singles = append(r.Singles, r.Singles[0])
		r.Singles[1].Status = testca.Revoked
	})},
	{"S13_good_and_unknown", ocspstaple.Malformed, response(func(r *testca.Response) {
		r.Singles = append(r.Singles, r.Singles[0])
		r.Singles[1].Status = testca.Unknown
	})},
	{"S13_good_twice", ocspstaple.Malformed, response(func(r *testca.Response) { r.Singles = append(r.Singles, r.Singles[0]) })},
	{"S14_no_single_response", ocspstaple.Malformed, response(func(r *testca.Response) { r.Singles = nil })},
	{"S29_staple_of_the_leaf_for_the_intermediate", ocspstaple.Mismatch, func(a *attempt) {
		a.subject, a.issuer = a.ca.Cert, a.root.Cert
	}},
	{"S29_staple_of_the_intermediate_for_the_leaf", ocspstaple.Mismatch, func(a *attempt) { a.der = a.ca.Staple() }},
	{"S31_staple_of_the_previous_certificate", ocspstaple.Mismatch, func(a *attempt) { a.der = a.ca.Leaf().Staple() }},
}

// statusForgeries do not say good.
var statusForgeries = append([]forgery{
	{"S25_unknown", ocspstaple.StatusUnknown, single(func(s *testca.Single) { s.Status = testca.Unknown })},
	{"S25_unknown_and_stale", ocspstaple.StatusUnknown, func(a *attempt) {
		single(func(s *testca.Single) { s.Status = testca.Unknown })(a)
		a.now = testca.Now.Add(24 * time.Hour)
	}},
	{"S26_revoked_in_the_future", ocspstaple.CertificateRevoked, single(func(s *testca.Single) {
		s.Status, s.RevokedAt = testca.Revoked, testca.Now.Add(24*time.Hour)
	})},
	{"S26_revoked_without_a_reason", ocspstaple.CertificateRevoked, single(func(s *testca.Single) { s.Status = testca.Revoked })},
	{"S26_revoked_and_stale", ocspstaple.CertificateRevoked, func(a *attempt) {
		single(func(s *testca.Single) { s.Status = testca.Revoked })(a)
		a.now = testca.Now.Add(24 * time.Hour)
	}},
	{"S26_revoked_says_a_delegate", ocspstaple.CertificateRevoked, func(a *attempt) {
		a.signedBy(a.delegate, func(r *testca.Response) { r.Singles[0].Status = testca.Revoked })
	}},
	{"S26_reason_7_does_not_exist", ocspstaple.Malformed, revoked(7)},
	{"S26_reason_11_does_not_exist", ocspstaple.Malformed, revoked(11)},
	{"S26_reason_is_negative", ocspstaple.Malformed, revoked(255)},
}, everyReason()...)

func revoked(reason int) func(*attempt) {
	return single(func(s *testca.Single) { s.Status, s.Reason = testca.Revoked, reason })
}

// everyReason has the codes of RFC 5280 §5.3.1; 8 is removeFromCRL.
func everyReason() (rows []forgery) {
	for _, code := range []int{0, 1, 2, 3, 4, 5, 6, 8, 9, 10} {
		rows = append(rows, forgery{fmt.Sprintf("S26_revoked_for_reason_%d", code), ocspstaple.CertificateRevoked, revoked(code)})
	}
	return rows
}

// timeForgeries are authentic, and from another time.
var timeForgeries = []forgery{
	{"S16_no_next_update", ocspstaple.Malformed, single(func(s *testca.Single) { s.NextUpdate = time.Time{} })},
	{"S16_next_update_before_this_update", ocspstaple.Malformed, single(func(s *testca.Single) {
		s.NextUpdate = s.ThisUpdate.Add(-time.Second)
	})},
	{"S16_next_update_is_this_update", ocspstaple.Malformed, func(a *attempt) {
		single(func(s *testca.Single) { s.NextUpdate = s.ThisUpdate })(a)
		a.now = testca.Now.Add(-time.Minute)
	}},
	{"S17_next_update_was_a_second_ago", ocspstaple.Stale, func(a *attempt) {
		a.now = testca.Now.Add(9*time.Minute + time.Second)
	}},
	{"S17_next_update_was_a_nanosecond_ago", ocspstaple.Stale, func(a *attempt) {
		a.now = testca.Now.Add(9*time.Minute + time.Nanosecond)
	}},
	{"S17_leeway_does_not_stretch_next_update", ocspstaple.Stale, func(a *attempt) {
		a.now, a.freshness.Leeway = testca.Now.Add(9*time.Minute+time.Second), time.Hour
	}},
	{"S18_this_update_in_the_future", ocspstaple.NotYetValid, func(a *attempt) {
		a.now = testca.Now.Add(-time.Minute - time.Second)
	}},
	{"S18_this_update_beyond_the_leeway", ocspstaple.NotYetValid, func(a *attempt) {
		a.now, a.freshness.Leeway = testca.Now.Add(-2*time.Minute-time.Second), time.Minute
	}},
	{"S18_this_update_beyond_the_leeway_and_produced_before_it", ocspstaple.NotYetValid, func(a *attempt) {
		producedBefore(59 * time.Second)(a)
		a.now, a.freshness.Leeway = testca.Now.Add(-2*time.Minute-time.Second), time.Minute
	}},
	{"S19_older_than_the_policy_permits", ocspstaple.Stale, func(a *attempt) {
		a.now, a.freshness.MaxAge = testca.Now.Add(4*time.Minute+time.Second), 5*time.Minute
	}},
	{"S19_leeway_does_not_stretch_the_age", ocspstaple.Stale, func(a *attempt) {
		a.now = testca.Now.Add(4*time.Minute + time.Second)
		a.freshness = ocspstaple.Freshness{MaxAge: 5 * time.Minute, Leeway: time.Hour}
	}},
	{"S19_older_than_the_default_permits", ocspstaple.Stale, func(a *attempt) {
		single(func(s *testca.Single) { s.NextUpdate = testca.Now.AddDate(1, 0, 0) })(a)
		a.now = testca.Now.Add(59*time.Minute + time.Second)
	}},
	{"S19_negative_age", ocspstaple.Stale, func(a *attempt) { a.freshness.MaxAge = -1 }},
	{"S20_produced_a_minute_before_this_update", ocspstaple.Malformed, producedBefore(time.Minute)},
	{"S20_produced_more_than_a_minute_before_this_update", ocspstaple.Malformed, producedBefore(61 * time.Second)},
	{"S20_produced_a_day_before_this_update", ocspstaple.Malformed, producedBefore(24 * time.Hour)},
	{"S20_produced_eight_thousand_years_before_this_update", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.ProducedAt = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
			r.Singles[0].ThisUpdate = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
			r.Singles[0].NextUpdate = time.Date(9001, 1, 1, 0, 0, 0, 0, time.UTC)
		})
		a.now = time.Date(9000, 1, 1, 0, 0, 1, 0, time.UTC)
	}},
	{"S20_produced_in_the_future", ocspstaple.NotYetValid, response(func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(time.Second)
	})},
	{"S20_produced_beyond_the_leeway", ocspstaple.NotYetValid, func(a *attempt) {
		a.staple(func(r *testca.Response) { r.ProducedAt = testca.Now.Add(time.Minute + time.Second) })
		a.freshness.Leeway = time.Minute
	}},
}

// producedBefore is an attempt with a producedAt so long before thisUpdate.
func producedBefore(early time.Duration) func(*attempt) {
	return response(func(r *testca.Response) { r.ProducedAt = r.Singles[0].ThisUpdate.Add(-early) })
}

// algorithmForgeries rest on weak cryptography.
var algorithmForgeries = []forgery{
	{"S21_signed_with_SHA1_and_RSA", ocspstaple.Untrusted, func(a *attempt) {
		a.under(testca.RSA2048)
		a.staple(func(r *testca.Response) { r.Algorithm = x509.SHA1WithRSA })
	}},
	{"S21_signed_with_SHA1_and_ECDSA", ocspstaple.Untrusted, response(func(r *testca.Response) { r.Algorithm = x509.ECDSAWithSHA1 })},
	{"S21_delegate_signs_with_SHA1", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.delegate, func(r *testca.Response) { r.Algorithm = x509.ECDSAWithSHA1 })
	}},
	{"S21_delegate_certified_with_SHA1_and_ECDSA", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }))
	}},
	{"S21_delegate_certified_with_SHA1_and_RSA", ocspstaple.Untrusted, func(a *attempt) {
		a.under(testca.RSA2048)
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.SignatureAlgorithm = x509.SHA1WithRSA }))
	}},
	{"S21_issuer_has_RSA_1024", ocspstaple.Untrusted, func(a *attempt) { a.under(testca.RSA1024) }},
	{"S21_issuer_with_RSA_1024_and_strong_delegate", ocspstaple.Untrusted, func(a *attempt) {
		a.under(testca.RSA1024)
		a.signedBy(a.ca.Delegate())
	}},
	{"S21_delegate_has_RSA_1024", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.ca.Delegate(testca.Keyed(testca.RSA1024))) }},
	{"S21_delegate_has_P224", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.ca.Delegate(testca.Keyed(testca.P224))) }},
	{"S21_algorithm_that_is_not_known", ocspstaple.Untrusted, inside("signatureAlgorithm", func([]byte) []byte {
		return []byte{0x06, 3, 0x2b, 0x65, 0x71} // Ed448
	})},
	{"S21_algorithm_that_did_not_sign", ocspstaple.Untrusted, inside("signatureAlgorithm", func([]byte) []byte {
		return []byte{0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3} // ecdsa-with-SHA384
	})},
	{"S21_PSS_without_parameters", ocspstaple.Untrusted, pss(func(der []byte) []byte { return der[:11] })},
	{"S21_PSS_with_SHA1_by_default", ocspstaple.Untrusted, pss(func(der []byte) []byte { return append(der[:11:11], 0x30, 0) })},
	{"S21_PSS_with_another_salt_length", ocspstaple.Untrusted, pss(func(der []byte) []byte {
		der[len(der)-1]--
		return der
	})},
}

// under gives the attempt an issuer, and with it a leaf and a delegate, of
// another kind of key.
func (a *attempt) under(kind testca.Kind) {
	a.ca = a.root.Intermediate(testca.Keyed(kind))
	a.leaf, a.delegate = a.ca.Leaf(), a.ca.Delegate()
	a.subject, a.issuer = a.leaf.Cert, a.ca.Cert
	a.staple()
}

// pss is an attempt signed with RSASSA-PSS whose AlgorithmIdentifier is
// edited; its first 11 bytes are the OID.
func pss(edit func([]byte) []byte) func(*attempt) {
	return func(a *attempt) {
		a.under(testca.RSA2048)
		a.staple(func(r *testca.Response) {
			r.Algorithm = x509.SHA256WithRSAPSS
			r.Inside["signatureAlgorithm"] = edit
		})
	}
}
