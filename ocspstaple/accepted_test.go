// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"golang.org/x/crypto/ocsp"
)

// Valid staples must be accepted, even where other implementations refuse them:
// those in the catalogue, and those that it does not have.
func TestNoForgeries(t *testing.T) {
	rows := []struct {
		name string
		make func(*attempt)
	}{
		{"signed_by_the_issuer_that_is_a_root", func(a *attempt) {
			a.leaf = a.root.Leaf()
			a.subject, a.issuer = a.leaf.Cert, a.root.Cert
			a.staple()
		}},
		{"about_an_intermediate", func(a *attempt) {
			a.subject, a.issuer, a.der = a.ca.Cert, a.root.Cert, a.ca.Staple()
		}},
		{"issuing_intermediate_embeds_its_whole_path", func(a *attempt) {
			a.staple(testca.SignedBy(a.ca, a.ca.Cert, a.root.Cert))
		}},
		{"issuer_embeds_an_unrelated_certificate", func(a *attempt) {
			a.staple(testca.SignedBy(a.ca, testca.New(testca.Named("unrelated")).Cert))
		}},
		{"delegate_with_more_usages", func(a *attempt) {
			a.signedBy(a.ca.Delegate(func(c *testca.Template) {
				c.KeyUsage |= x509.KeyUsageContentCommitment
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageOCSPSigning}
			}))
		}},
		{"delegate_says_in_so_many_words_that_it_is_no_CA", func(a *attempt) {
			a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.BasicConstraintsValid = true }))
		}},
		{"version_1_said_in_so_many_words", around("responderID", func(der []byte) []byte {
			return append([]byte{0xa0, 3, 0x02, 1, 0}, der...)
		})},
		{"extension_that_says_that_it_is_not_critical", extension(0x06, 3, 0x55, 0x1d, 99, 0x01, 1, 0, 0x04, 0)},
		// As in each answer of Vault and OpenBao.
		{"no_extensions_in_a_list", around("nextUpdate", func(der []byte) []byte { return append(der, 0xa1, 2, 0x30, 0) })},
		{"no_certificates_in_a_list", certificates(instead(0x30, 0))},
		{"at_this_update", func(a *attempt) { a.now = testca.Now.Add(-time.Minute) }},
		{"at_next_update", func(a *attempt) { a.now = testca.Now.Add(9 * time.Minute) }},
		{"at_the_end_of_the_leeway", func(a *attempt) {
			a.now, a.freshness.Leeway = testca.Now.Add(-2*time.Minute), time.Minute
		}},
		{"produced_at_the_end_of_the_leeway", func(a *attempt) {
			a.staple(func(r *testca.Response) { r.ProducedAt = testca.Now.Add(time.Minute) })
			a.freshness.Leeway = time.Minute
		}},
		{"produced_after_next_update_within_the_leeway", func(a *attempt) {
			a.staple(func(r *testca.Response) { r.ProducedAt = r.Singles[0].NextUpdate.Add(time.Minute) })
			a.now, a.freshness.Leeway = testca.Now.Add(9*time.Minute), time.Minute
		}},
		{"produced_a_second_before_this_update", producedBefore(time.Second)},
		{"at_the_age_that_the_policy_permits", func(a *attempt) {
			a.now, a.freshness.MaxAge = testca.Now.Add(4*time.Minute), 5*time.Minute
		}},
		{"at_the_age_that_the_default_permits", func(a *attempt) {
			single(func(s *testca.Single) { s.NextUpdate = testca.Now.AddDate(1, 0, 0) })(a)
			a.now = testca.Now.Add(59 * time.Minute)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.make(a)
			if err := a.judge(t); err != nil {
				t.Fatal(err)
			}
			a.sameAsOthers(t)
		})
	}
	n := 0
	for _, c := range catalogue.Accepted() {
		a, ok := attemptOf(&c)
		if !ok {
			continue
		}
		n++
		t.Run(c.Test(), func(t *testing.T) {
			if err := a.judge(t); err != nil {
				t.Fatal(err)
			}
			a.sameAsOthers(t)
		})
	}
	const fewest = 75 // when this was written
	if n < fewest {
		t.Errorf("the catalogue has %d good staples, fewer than %d", n, fewest)
	}
}

func (a *attempt) sameAsOthers(t *testing.T) {
	t.Helper()
	s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		t.Fatal(err)
	}
	sameAsOthers(t, s, a.subject)
}

// Responses made by golang.org/x/crypto/ocsp are accepted at any second of the
// minute. It rounds producedAt down to the minute by the machine's clock; a
// test has its own.
func TestNoForgeriesOfXCryptoOCSP(t *testing.T) {
	for _, offset := range []time.Duration{0, time.Second, 8 * time.Second, 59 * time.Second, time.Minute - time.Nanosecond} {
		t.Run(fmt.Sprintf("made_%s_into_the_minute", offset), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(testca.Now.Add(offset)))
				a, now := newAttempt(), time.Now().UTC()
				for name, signer := range map[string]*testca.Party{"issuer": a.ca, "delegate": a.delegate} {
					template := ocsp.Response{
						Status: ocsp.Good, SerialNumber: a.subject.SerialNumber, IssuerHash: crypto.SHA256,
						ThisUpdate: now, NextUpdate: now.Add(time.Minute),
					}
					if signer != a.ca {
						template.Certificate = signer.Cert
					}
					der, err := ocsp.CreateResponse(a.ca.Cert, signer.Cert, template, signer.Key)
					if err != nil {
						t.Fatal(err)
					}
					a.der, a.now = der, now
					if err := a.judge(t); err != nil {
						t.Errorf("%s: %v", name, err)
						continue
					}
					s, err := ocspstaple.Authenticate(der, a.subject, a.issuer, now, a.freshness.Leeway)
					if err != nil {
						t.Fatal(err)
					}
					sameAsOthers(t, s, a.subject)
					if !s.ProducedAt().Equal(testca.Now) || !s.ThisUpdate().Equal(now.Truncate(time.Second)) {
						t.Errorf("%s: produced at %s, thisUpdate %s: this test has lost its object", name, s.ProducedAt(), s.ThisUpdate())
					}
				}
			})
		})
	}
}

func byKey(r *testca.Response) []byte {
	return testca.ByKey(&x509.Certificate{RawSubjectPublicKeyInfo: publicKeyInfo(r.SigningKey)})
}

func publicKeyInfo(key crypto.Signer) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return der
}

// A staple reports what the response says.
func TestStaple(t *testing.T) {
	a := newAttempt()
	a.signedBy(a.delegate, func(r *testca.Response) {
		r.ProducedAt = testca.Now
		r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, 4
	})
	s, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		t.Fatal(err)
	}
	if string(s.DER()) != string(a.der) || s.Status() != ocspstaple.Revoked || s.RevocationReason() != 4 ||
		!s.RevokedAt().Equal(testca.Now.Add(-time.Hour)) || !s.ProducedAt().Equal(testca.Now) ||
		!s.ThisUpdate().Equal(testca.Now.Add(-time.Minute)) || !s.NextUpdate().Equal(testca.Now.Add(9*time.Minute)) ||
		!s.Delegate().Equal(a.delegate.Cert) {
		t.Errorf("%+v", s)
	}
	direct, err := ocspstaple.Authenticate(a.leaf.Staple(), a.subject, a.issuer, a.now, a.freshness.Leeway)
	if err != nil {
		t.Fatal(err)
	}
	if direct.Delegate() != nil || !direct.RevokedAt().IsZero() || direct.Status() != ocspstaple.Good {
		t.Errorf("%+v", direct)
	}
}
