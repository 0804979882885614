// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// asResponder gives a leaf everything of a delegated responder except the
// extended key usage.
func asResponder(c *testca.Template) { c.ExtraExtensions = []pkix.Extension{testca.NoCheck} }

func ocspSigning(c *testca.Template) {
	c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning)
}

// signerForgeries are signed by somebody who is not entitled to, or who is
// not whom the ResponderID names.
var signerForgeries = []forgery{
	{"S01_leaf_signs_for_itself", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.leaf) }},
	{"S01_leaf_signs_for_itself_only_the_usage_missing", ocspstaple.Untrusted, func(a *attempt) {
		a.leaf = a.ca.Leaf(asResponder)
		a.subject = a.leaf.Cert
		a.signedBy(a.leaf)
	}},
	{"S01_leaf_signs_for_itself_and_may_sign_for_others", ocspstaple.Untrusted, func(a *attempt) {
		a.leaf = a.ca.Leaf(asResponder, ocspSigning)
		a.subject = a.leaf.Cert
		a.signedBy(a.leaf)
	}},
	{"S01_responder_of_the_leafs_key_signs", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.WithKey(a.leaf.Key)))
	}},
	{"S01_responder_of_the_leafs_key_encoded_otherwise_signs", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.WithKey(a.leaf.Key)).Alias(3))
	}},
	{"S02_leaf_signs_in_the_issuers_name", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.leaf, func(r *testca.Response) { r.ResponderID = testca.ByName(a.ca.Cert) })
	}},
	{"S02_leaf_signs_in_the_issuers_key_hash", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.leaf, func(r *testca.Response) { r.ResponderID = testca.ByKey(a.ca.Cert) })
	}},
	{"S02_leaf_signs_and_embeds_the_issuer", ocspstaple.Untrusted, func(a *attempt) {
		a.staple(testca.SignedBy(a.leaf, a.ca.Cert), func(r *testca.Response) { r.ResponderID = testca.ByName(a.ca.Cert) })
	}},
	{"S03_another_leaf_signs", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.ca.Leaf(testca.Named("other"))) }},
	{"S03_another_leaf_signs_only_the_usage_missing", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Leaf(testca.Named("other"), asResponder))
	}},
	{"S03_the_root_signs_for_the_intermediate", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.root) }},
	{"S03_delegate_of_the_root_signs", ocspstaple.Untrusted, func(a *attempt) { a.signedBy(a.root.Delegate()) }},
	{"S15_issuer_signs_in_the_name_of_another", ocspstaple.Untrusted, response(func(r *testca.Response) {
		r.ResponderID = testca.ByName(testca.New(testca.Named("other")).Cert)
	})},
	{"S15_issuer_signs_in_the_key_hash_of_another", ocspstaple.Untrusted, response(func(r *testca.Response) {
		r.ResponderID = testca.ByKey(testca.New(testca.Named("other")).Cert)
	})},
	{"S15_issuer_signs_in_the_name_of_an_embedded_delegate", ocspstaple.Untrusted, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.ResponderID, r.Certificates = testca.ByName(a.delegate.Cert), []*x509.Certificate{a.delegate.Cert}
		})
	}},
	{"S15_delegate_signs_in_the_issuers_name", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.delegate, func(r *testca.Response) { r.ResponderID = testca.ByName(a.ca.Cert) })
	}},
	{"S15_delegate_signs_in_the_issuers_key_hash", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.delegate, func(r *testca.Response) { r.ResponderID = testca.ByKey(a.ca.Cert) })
	}},
	{"S15_delegate_signs_in_nobodys_key_hash", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.delegate, func(r *testca.Response) { r.ResponderID = []byte{0xa2, 2, 0x04, 0} })
	}},
	{"S15_delegate_signs_and_is_not_embedded", ocspstaple.Untrusted, func(a *attempt) {
		a.staple(testca.SignedBy(a.delegate))
	}},
}

// delegateForgeries are signed by a delegated responder that is none.
var delegateForgeries = []forgery{
	{"S04_delegate_of_a_sibling", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.root.Intermediate(testca.Named("Sibling")).Delegate())
	}},
	{"S04_delegate_of_a_sibling_with_the_issuers_key", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.root.Intermediate(testca.Named("Sibling"), testca.WithKey(a.ca.Key)).Delegate())
	}},
	{"S05_delegate_of_the_issuers_name_and_another_key", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.SigningKey = testca.Key(testca.P256, "namesake") }))
	}},
	{"S06_self_signed_delegate", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(selfSigned())
	}},
	{"S06_self_signed_delegate_in_the_issuers_name", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(selfSigned(testca.Named(a.ca.Cert.Subject.CommonName), testca.WithKey(testca.Key(testca.P256, "impostor"))))
	}},
	{"S07_delegate_expired", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second))))
	}},
	{"S07_delegate_not_yet_valid", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(time.Second), testca.Now.Add(time.Hour))))
	}},
	{"S07_delegate_expires_after_authentication", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(time.Minute))))
		a.authenticated, a.now = testca.Now, testca.Now.Add(time.Minute+time.Second)
	}},
	{"S07_delegate_not_yet_valid_when_the_clock_goes_back", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now, testca.Now.Add(time.Hour))))
		a.authenticated, a.now = testca.Now, testca.Now.Add(-time.Second)
	}},
	{"S08_delegate_is_a_CA", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.IsCA, c.BasicConstraintsValid = true, true }))
	}},
	{"S08_delegate_without_key_usage", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.KeyUsage = 0 }))
	}},
	{"S08_delegate_for_key_agreement_only", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.KeyUsage = x509.KeyUsageKeyAgreement }))
	}},
	{"S08_delegate_for_any_extended_key_usage", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }))
	}},
	{"S08_delegate_without_extended_key_usage", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.ExtKeyUsage = nil }))
	}},
	{"S08_delegate_with_an_unknown_critical_extension", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}})
		}))
	}},
	{"S09_delegate_without_nocheck", ocspstaple.Untrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(func(c *testca.Template) { c.ExtraExtensions = nil }))
	}},
	{"S10_delegate_of_a_delegate", ocspstaple.Untrusted, func(a *attempt) {
		second := a.delegate.Delegate(testca.Named("Second"))
		a.staple(testca.SignedBy(second, second.Cert, a.delegate.Cert))
	}},
	{"S10_delegate_of_a_delegate_of_the_issuers_name", ocspstaple.Untrusted, func(a *attempt) {
		first := a.ca.Delegate(testca.Named(a.ca.Cert.Subject.CommonName), testca.WithKey(a.delegate.Key))
		second := first.Delegate(testca.Named("Second"))
		a.staple(testca.SignedBy(second, second.Cert, first.Cert))
	}},
	{"S10_delegate_of_a_delegate_that_is_a_CA", ocspstaple.Untrusted, func(a *attempt) {
		first := a.ca.Delegate(func(c *testca.Template) { c.IsCA, c.BasicConstraintsValid = true, true })
		second := first.Delegate(testca.Named("Second"))
		a.staple(testca.SignedBy(second, second.Cert, first.Cert))
	}},
	{"S10_delegate_of_an_intermediate_below_the_issuer", ocspstaple.Untrusted, func(a *attempt) {
		below := a.ca.Intermediate(testca.Named("Below"))
		second := below.Delegate()
		a.staple(testca.SignedBy(second, second.Cert, below.Cert))
	}},
}

// selfSigned is a responder's certificate that nobody issued.
func selfSigned(edits ...testca.Edit) *testca.Party {
	return testca.New(append([]testca.Edit{testca.Named("Responder"), asResponder, func(c *testca.Template) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = false, false, x509.KeyUsageDigitalSignature
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	}}, edits...)...)
}
