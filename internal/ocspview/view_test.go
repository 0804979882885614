// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

func question(leaf *testca.Party) ocspview.Question {
	return ocspview.Question{Certificate: leaf.Cert, Issuer: leaf.Issuer.Cert, At: testca.Now}
}

func mustDissect(t *testing.T, der []byte, q ocspview.Question) *ocspview.View {
	t.Helper()
	v, err := ocspview.Dissect(der, q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAgreesWithAuthenticate: the explanation never says entitled where package
// ocspstaple says untrusted, nor the other way round, for every staple of the
// catalogue that reaches that question.
func TestAgreesWithAuthenticate(t *testing.T) {
	maker := catalogue.ForTests("../../testdata/vectors")
	entitled, refused := 0, 0
	for _, c := range catalogue.Cases() {
		if c.Rejected() && !slices.ContainsFunc(c.Rules(), func(rule string) bool { return strings.HasPrefix(rule, "6.") }) {
			continue // not about a staple
		}
		made := maker.Make(&c)
		subject, issuer, der, ok := made.Staple()
		if !ok {
			continue
		}
		now := made.Steps[0].Now
		_, err := ocspstaple.Authenticate(der, subject, issuer, now, stapled.DefaultLeeway)
		untrusted := errors.Is(err, stapled.StapleUntrusted)
		if err != nil && !untrusted {
			continue // refused before the question of the signer
		}
		v, dissected := ocspview.Dissect(der, ocspview.Question{Certificate: subject, Issuer: issuer, At: now})
		if dissected != nil {
			t.Errorf("%s: %v", c.Name(), dissected)
			continue
		}
		switch {
		case v.Signer == nil:
			t.Errorf("%s: no signer", c.Name())
		case v.Signer.Entitled == untrusted:
			t.Errorf("%s: entitled: %t, but Authenticate says %v", c.Name(), v.Signer.Entitled, err)
		case untrusted && (v.Reason != stapled.StapleUntrusted || v.Advice == ""):
			t.Errorf("%s: reason %q, advice %q", c.Name(), v.Reason, v.Advice)
		}
		if untrusted {
			refused++
		} else {
			entitled++
		}
	}
	if entitled < 40 || refused < 60 {
		t.Errorf("only %d entitled and %d refused signers: this test has lost its object", entitled, refused)
	}
}

// TestRequirements: each fault of a signer is shown at its requirement, and at
// no other.
func TestRequirements(t *testing.T) {
	root := testca.New()
	ca, other := root.Intermediate(), root.Intermediate(testca.Named("Other"))
	leaf := ca.Leaf()
	delegate := func(edits ...testca.Edit) []byte {
		d := ca.Delegate(edits...)
		return leaf.Staple(testca.SignedBy(d, d.Cert))
	}
	by := func(p *testca.Party, edits ...func(*testca.Response)) []byte {
		return leaf.Staple(append([]func(*testca.Response){testca.SignedBy(p, p.Cert)}, edits...)...)
	}
	for _, row := range []struct {
		name, kind string
		der        []byte
		wrong      string // rule and name, separated by spaces; empty for none
	}{
		{"the issuer", ocspview.ByIssuer, leaf.Staple(), ""},
		{"a delegate", ocspview.ByDelegate, delegate(), ""},
		{"a delegate, named by its key", ocspview.ByDelegate, by(ca.Delegate(), func(r *testca.Response) { r.ResponderID = testca.ByKey(ca.Delegate().Cert) }), ""},
		{"SHA-1", ocspview.ByIssuer, leaf.Staple(func(r *testca.Response) { r.Algorithm = x509.ECDSAWithSHA1 }), "6.7 algorithm,6.8 signature"},
		{"a broken signature", ocspview.ByIssuer, leaf.Staple(func(r *testca.Response) { r.SigningKey = other.Key }), "6.8 signature"},
		{"another ResponderID", ocspview.ByIssuer, leaf.Staple(func(r *testca.Response) { r.ResponderID = testca.ByName(other.Cert) }), "6.8 ResponderID"},
		{"a weak key", ocspview.ByDelegate, delegate(testca.Keyed(testca.P224)), "6.7 key,6.8 signature"},
		{"a delegate that is not embedded", ocspview.ByUnknown, leaf.Staple(testca.SignedBy(ca.Delegate())), "6.8 signature"},
		{"a stranger", ocspview.ByUnknown, leaf.Staple(testca.SignedBy(other, root.Cert)), "6.8 signature"},
		{"a delegate of another CA", ocspview.ByDelegate, by(other.Delegate()), "6.9 issued by,6.9 signed by"},
		{"a delegate of a namesake", ocspview.ByDelegate, by(root.Intermediate(testca.WithKey(other.Key)).Delegate()), "6.9 signed by"},
		{"no OCSPSigning", ocspview.ByDelegate, delegate(func(t *testca.Template) { t.ExtKeyUsage = nil }), "6.9 OCSPSigning"},
		{"any usage", ocspview.ByDelegate, delegate(func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), "6.9 OCSPSigning"},
		{"no digitalSignature", ocspview.ByDelegate, delegate(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageContentCommitment }), "6.9 key usage"},
		{"a CA", ocspview.ByDelegate, delegate(func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true }), "6.9 not a CA"},
		{"no nocheck", ocspview.ByDelegate, delegate(func(t *testca.Template) { t.ExtraExtensions = nil }), "6.9 nocheck"},
		{"a critical extension", ocspview.ByDelegate, delegate(func(t *testca.Template) {
			t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
		}), "6.9 extensions"},
		{"its own key", ocspview.ByDelegate, delegate(testca.WithKey(leaf.Key)), "6.9 own key"},
		{"an expired delegate", ocspview.ByDelegate, delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(-time.Second))), "6.9 validity"},
		{"a delegate of tomorrow", ocspview.ByDelegate, delegate(testca.Valid(testca.Now.Add(2*time.Minute), testca.Now.Add(time.Hour))), "6.9 validity"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := mustDissect(t, row.der, question(leaf))
			var wrong []string
			for _, r := range v.Signer.Requirements {
				if r.Detail == "" {
					t.Errorf("%s %s says nothing", r.Rule, r.Name)
				}
				if !r.OK {
					wrong = append(wrong, r.Rule+" "+r.Name)
				}
			}
			if got := strings.Join(wrong, ","); v.Signer.Kind != row.kind || got != row.wrong {
				t.Errorf("%s: wrong: %q, want %s: %q", v.Signer.Kind, got, row.kind, row.wrong)
			}
			if v.Acceptable != (row.wrong == "") || v.Signer.Entitled != v.Acceptable || v.Acceptable == (v.Advice != "") {
				t.Errorf("acceptable %t, entitled %t, advice %q", v.Acceptable, v.Signer.Entitled, v.Advice)
			}
		})
	}
}

func oneSingle(edit func(*testca.Single)) func(*testca.Response) {
	return func(r *testca.Response) { edit(&r.Singles[0]) }
}

// TestVerdict: what a verifier would do, for which reason, and what to do about
// it.
func TestVerdict(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	extended := []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 9}, Value: []byte{5, 0}}}
	for _, row := range []struct {
		name, status string
		edit         func(*testca.Response)
		at           time.Duration
		reason       stapled.Reason
		meaning      string
		advice       string
	}{
		{"good", "good", func(*testca.Response) {}, 0, "", "not revoked as of thisUpdate", ""},
		{"revoked", "revoked", oneSingle(func(s *testca.Single) { s.Status, s.Reason = testca.Revoked, 1 }), 0, stapled.CertificateRevoked, "for good", "enroll a new certificate"},
		{"on hold", "revoked", oneSingle(func(s *testca.Single) { s.Status, s.Reason = testca.Revoked, 6 }), 0, stapled.CertificateRevoked, "on hold", "may lift"},
		{"extended revoke", "revoked", func(r *testca.Response) {
			r.Singles[0].Status, r.Extensions = testca.Revoked, extended
		}, 0, stapled.CertificateRevoked, "never issued", "has this CA issued it"},
		{"revoked in 1970", "revoked", oneSingle(func(s *testca.Single) {
			s.Status, s.Reason, s.RevokedAt = testca.Revoked, 6, time.Unix(0, 0)
		}), 0, stapled.CertificateRevoked, "never issued", "has this CA issued it"},
		{"unknown", "unknown", oneSingle(func(s *testca.Single) { s.Status = testca.Unknown }), 0, stapled.StapleUnknown, "does not know", "has this CA issued it"},
		{"no nextUpdate", "good", oneSingle(func(s *testca.Single) { s.NextUpdate = time.Time{} }), 0, stapled.StapleMalformed, "", "-nmin"},
		{"two answers", "good", func(r *testca.Response) { r.Singles = append(r.Singles, r.Singles[0]) }, 0, stapled.StapleMalformed, "", "one certificate at a time"},
		{"no answer", "unreadable", func(r *testca.Response) { r.Singles = nil }, 0, stapled.StapleMalformed, "", "damaged"},
		{"a critical extension", "good", func(r *testca.Response) {
			r.Extensions = []testca.Extension{{ID: []int{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, 0, stapled.StapleMalformed, "", "critical"},
		{"five certificates", "good", func(r *testca.Response) { r.Certificates = slices.Repeat([]*x509.Certificate{leaf.Cert}, 5) }, 0, stapled.StapleMalformed, "", "at most 4"},
		{"produced early", "good", func(r *testca.Response) { r.ProducedAt = testca.Now.Add(-time.Hour) }, 0, stapled.StapleMalformed, "", "6.5"},
		{"another serial", "good", oneSingle(func(s *testca.Single) { s.Serial = leaf.Issuer.Cert.SerialNumber }), 0, stapled.StapleMismatch, "", "another certificate"},
		{"past nextUpdate", "good", func(*testca.Response) {}, time.Hour, stapled.StapleStale, "", "old answer"},
		{"too old", "good", oneSingle(func(s *testca.Single) { s.NextUpdate = testca.Now.AddDate(0, 0, 7) }), 2 * time.Hour, stapled.StapleStale, "", "--max-staple-age"},
		{"of the future", "good", func(*testca.Response) {}, -time.Hour, stapled.StapleNotYetValid, "", "clocks"},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := question(leaf)
			q.At = q.At.Add(row.at)
			v := mustDissect(t, leaf.Staple(row.edit), q)
			if v.Status != row.status || v.Reason != row.reason || v.Good() != (row.reason == "") || v.Acceptable != (row.reason == "") {
				t.Errorf("status %s, reason %s (%s), good %t", v.Status, v.Reason, v.Detail, v.Good())
			}
			if !strings.Contains(v.Meaning, row.meaning) || !strings.Contains(v.Advice, row.advice) || (row.advice == "") != (v.Advice == "") {
				t.Errorf("meaning %q, advice %q", v.Meaning, v.Advice)
			}
		})
	}
}

// TestCertID: each part of the CertID that does not match is shown as such.
func TestCertID(t *testing.T) {
	ca := testca.New().Intermediate()
	leaf, other := ca.Leaf(), testca.New().Intermediate(testca.Named("Other"))
	for _, row := range []struct {
		name string
		edit func(*testca.Single)
		want ocspview.CertID
	}{
		{"all", func(*testca.Single) {}, ocspview.CertID{IssuerNameMatches: true, IssuerKeyMatches: true, SerialMatches: true}},
		{"name", func(s *testca.Single) { s.NameHash = s.KeyHash }, ocspview.CertID{IssuerKeyMatches: true, SerialMatches: true}},
		{"key", func(s *testca.Single) { s.KeyHash = s.NameHash }, ocspview.CertID{IssuerNameMatches: true, SerialMatches: true}},
		{"serial", func(s *testca.Single) { s.Serial = other.Cert.SerialNumber }, ocspview.CertID{IssuerNameMatches: true, IssuerKeyMatches: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := mustDissect(t, leaf.Staple(oneSingle(row.edit)), question(leaf)).CertID
			if got.Hash != "SHA-256" || got.IssuerNameMatches != row.want.IssuerNameMatches ||
				got.IssuerKeyMatches != row.want.IssuerKeyMatches || got.SerialMatches != row.want.SerialMatches {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestNonce: what became of the nonce, and that a response to another request is
// not good.
func TestNonce(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	nonce := func(value ...byte) []testca.Extension {
		return []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: append([]byte{4, byte(len(value))}, value...)}}
	}
	for _, row := range []struct {
		name string
		sent []byte
		got  []testca.Extension
		want string // empty for none
		good bool
	}{
		{"none", nil, nil, "", true},
		{"echoed", []byte{1, 2, 3}, nonce(1, 2, 3), ocspview.Echoed, true},
		{"not echoed", []byte{1, 2, 3}, nil, ocspview.NotEchoed, true},
		{"different", []byte{1, 2, 3}, nonce(1, 2, 4), ocspview.Different, false},
		{"not sent", nil, nonce(1, 2, 3), ocspview.Unasked, true},
		{"echoed without its tag", []byte{9, 2, 3}, []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{9, 2, 3}}}, ocspview.Echoed, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := question(leaf)
			q.Nonce = row.sent
			v := mustDissect(t, leaf.Staple(func(r *testca.Response) { r.Extensions = row.got }), q)
			result := ""
			if v.Nonce != nil {
				result = v.Nonce.Result
			}
			if result != row.want || v.Good() != row.good {
				t.Errorf("%q, good %t", result, v.Good())
			}
		})
	}
}

// TestNothingToShow: what is not an answer is an error instead of a view.
func TestNothingToShow(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	for _, der := range [][]byte{nil, []byte("<html>"), leaf.Staple()[:100], append(leaf.Staple(), 0)} {
		if v, err := ocspview.Dissect(der, question(leaf)); v != nil || !errors.Is(err, ocspview.ErrNotResponse) {
			t.Errorf("%.10q: %v, %v", der, v, err)
		}
	}
	_, err := ocspview.Dissect(ocspwire.ErrorResponse(ocspwire.TryLater), question(leaf))
	if status, ok := errors.AsType[*ocspclient.ErrorStatus](err); !ok || status.Status != ocspwire.TryLater {
		t.Errorf("%v", err)
	}
}
