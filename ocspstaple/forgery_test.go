// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// attempt is what a forger submits. It starts as an acceptable staple, so that
// a row states only what is wrong.
type attempt struct {
	root, ca, leaf, delegate *testca.Party

	der             []byte
	subject, issuer *x509.Certificate
	now             time.Time
	freshness       ocspstaple.Freshness
	// authenticated is when the staple was authenticated, if not now.
	authenticated time.Time
}

func newAttempt() *attempt {
	a := &attempt{root: testca.New(), now: testca.Now, freshness: ocspstaple.Freshness{Leeway: stapled.NoLeeway}}
	a.ca = a.root.Intermediate()
	a.leaf, a.delegate = a.ca.Leaf(), a.ca.Delegate()
	a.subject, a.issuer = a.leaf.Cert, a.ca.Cert
	a.staple()
	return a
}

// staple makes the response about the leaf, edited.
func (a *attempt) staple(edits ...func(*testca.Response)) { a.der = a.leaf.Staple(edits...) }

// signedBy makes a party sign that the leaf is good, and embed itself.
func (a *attempt) signedBy(signer *testca.Party, edits ...func(*testca.Response)) {
	a.staple(append([]func(*testca.Response){testca.SignedBy(signer, signer.Cert)}, edits...)...)
}

// under gives the attempt an issuer with another kind of key, and so another
// leaf and delegate.
func (a *attempt) under(kind testca.Kind) {
	a.ca = a.root.Intermediate(testca.Keyed(kind))
	a.leaf, a.delegate = a.ca.Leaf(), a.ca.Delegate()
	a.subject, a.issuer = a.leaf.Cert, a.ca.Cert
	a.staple()
}

// response returns an attempt with an edited response.
func response(edit func(*testca.Response)) func(*attempt) {
	return func(a *attempt) { a.staple(edit) }
}

// judge returns the package's error for an attempt, and checks it against the
// documentation. Anything that does not change with time must be refused once
// and for all, by Authenticate.
func (a *attempt) judge(t *testing.T) error {
	t.Helper()
	authenticated := a.now
	if !a.authenticated.IsZero() {
		authenticated = a.authenticated
	}
	staple, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, authenticated, a.freshness.Leeway)
	if err != nil {
		if staple != nil {
			t.Error("a staple beside an error")
		}
		checkError(t, err, stapled.StapleMalformed, stapled.StapleMismatch, stapled.StapleUntrusted)
		return err
	}
	if err := staple.Check(a.now, a.freshness); err != nil {
		checkError(t, err, stapled.StapleUntrusted, stapled.StapleNotYetValid, stapled.StapleStale,
			stapled.StapleUnknown, stapled.CertificateRevoked)
		if errors.Is(err, stapled.StapleUntrusted) && a.authenticated.IsZero() {
			t.Errorf("Authenticate let through: %v", err)
		}
		return err
	}
	return nil
}

func checkError(t *testing.T, err error, documented ...stapled.Reason) {
	t.Helper()
	var e *stapled.Error
	if !errors.As(err, &e) || !slices.Contains(documented, e.Reason) || !errors.Is(err, e.Reason) || e.Err == nil {
		t.Errorf("%T %v is not an error as documented", err, err)
	}
}

// theMaker makes the cases of the catalogue with the published keys.
var theMaker = sync.OnceValue(func() *catalogue.Maker { return catalogue.ForTests("../testdata/vectors") })

// attemptOf returns the staple of a catalogue case, if the case is about a
// single staple and nothing else.
func attemptOf(c *catalogue.Case) (a attempt, ok bool) {
	made := theMaker().Make(c)
	a = attempt{now: made.Steps[0].Now, freshness: ocspstaple.Freshness{
		Leeway: leeway.Configured(time.Duration(made.Policy.Leeway) * time.Second),
		MaxAge: time.Duration(made.Policy.MaxStapleAge) * time.Second,
	}}
	a.subject, a.issuer, a.der, ok = made.Staple()
	return a, ok
}

// forgery is a row: what must be refused, and why.
type forgery struct {
	name   string
	reason stapled.Reason
	forge  func(*attempt)
}

// forgeries are the staples of the catalogue, and those it cannot contain.
var forgeries = sync.OnceValue(func() []forgery {
	rows := slices.Clone(otherForgeries)
	for _, c := range catalogue.Forgeries() {
		if _, ok := attemptOf(&c); ok {
			rows = append(rows, forgery{c.Test(), c.Want(), func(a *attempt) { *a, _ = attemptOf(&c) }})
		}
	}
	return rows
})

func TestForgeries(t *testing.T) {
	const fewest = 250 // in the catalogue when this was written
	if n := len(forgeries()) - len(otherForgeries); n < fewest {
		t.Errorf("the catalogue has %d forged staples, fewer than %d", n, fewest)
	}
	for _, row := range forgeries() {
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.forge(a)
			if err := a.judge(t); !errors.Is(err, row.reason) {
				t.Errorf("got %v, want %s", err, row.reason)
			}
		})
	}
}

// otherForgeries are those the catalogue cannot contain: the token's chain
// would be refused first, or no verifier can have such a policy.
var otherForgeries = []forgery{
	{"S07_delegate_expires_after_authentication", stapled.StapleUntrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now.Add(-time.Hour), testca.Now.Add(time.Minute))))
		a.authenticated, a.now = testca.Now, testca.Now.Add(time.Minute+time.Second)
	}},
	{"S07_delegate_not_yet_valid_when_the_clock_goes_back", stapled.StapleUntrusted, func(a *attempt) {
		a.signedBy(a.ca.Delegate(testca.Valid(testca.Now, testca.Now.Add(time.Hour))))
		a.authenticated, a.now = testca.Now, testca.Now.Add(-time.Second)
	}},
	{"S11_issuer_of_another_name_with_the_same_key", stapled.StapleMismatch, func(a *attempt) {
		namesake := a.root.Intermediate(testca.Named("Other"), testca.WithKey(a.ca.Key))
		a.issuer = namesake.Cert
		a.staple(testca.SignedBy(namesake), func(r *testca.Response) {
			r.Singles[0] = testca.NewSingle(a.leaf.Cert, namesake.Cert, crypto.SHA256)
		})
	}},
	{"S17_next_update_was_a_nanosecond_ago", stapled.StapleStale, func(a *attempt) {
		a.now = testca.Now.Add(9*time.Minute + time.Nanosecond)
	}},
	{"S17_leeway_does_not_stretch_next_update", stapled.StapleStale, func(a *attempt) {
		a.now, a.freshness.Leeway = testca.Now.Add(9*time.Minute+time.Second), stapled.MaxLeeway
	}},
	{"S18_this_update_in_the_future", stapled.StapleNotYetValid, func(a *attempt) {
		a.now = testca.Now.Add(-time.Minute - time.Second)
	}},
	{"S19_leeway_does_not_stretch_the_age", stapled.StapleStale, func(a *attempt) {
		a.now = testca.Now.Add(4*time.Minute + time.Second)
		a.freshness = ocspstaple.Freshness{MaxAge: 5 * time.Minute, Leeway: stapled.MaxLeeway}
	}},
	{"S19_older_than_the_default_permits", stapled.StapleStale, func(a *attempt) {
		single(func(s *testca.Single) { s.NextUpdate = testca.Now.AddDate(1, 0, 0) })(a)
		a.now = testca.Now.Add(59*time.Minute + time.Second)
	}},
	{"S19_negative_age", stapled.StapleStale, func(a *attempt) { a.freshness.MaxAge = -1 }},
	{"S20_produced_eight_thousand_years_before_this_update", stapled.StapleMalformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.ProducedAt = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
			r.Singles[0].ThisUpdate = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
			r.Singles[0].NextUpdate = time.Date(9001, 1, 1, 0, 0, 0, 0, time.UTC)
		})
		a.now = time.Date(9000, 1, 1, 0, 0, 1, 0, time.UTC)
	}},
	{"S20_produced_in_the_future", stapled.StapleNotYetValid, response(func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(time.Second)
	})},
	{"S21_issuer_has_RSA_1024", stapled.StapleUntrusted, func(a *attempt) { a.under(testca.RSA1024) }},
	{"S21_issuer_with_RSA_1024_and_strong_delegate", stapled.StapleUntrusted, func(a *attempt) {
		a.under(testca.RSA1024)
		a.signedBy(a.ca.Delegate())
	}},
	{"S25_unknown_a_day_later", stapled.StapleUnknown, func(a *attempt) {
		single(func(s *testca.Single) { s.Status = testca.Unknown })(a)
		a.now = testca.Now.Add(24 * time.Hour)
	}},
	{"S28_nothing", stapled.StapleMalformed, func(a *attempt) { a.der = nil }},
	{"S28_null", stapled.StapleMalformed, func(a *attempt) { a.der = []byte("null") }},
	{"S28_base64", stapled.StapleMalformed, func(a *attempt) { a.der = []byte(base64.StdEncoding.EncodeToString(a.der)) }},
	{"S28_base64url", stapled.StapleMalformed, func(a *attempt) { a.der = []byte(base64.RawURLEncoding.EncodeToString(a.der)) }},
	{"S28_1_MiB_of_zeros", stapled.StapleMalformed, func(a *attempt) { a.der = make([]byte, 1<<20) }},
	{"S28_1_MiB_of_zeros_after_the_response", stapled.StapleMalformed, func(a *attempt) { a.der = append(a.der, make([]byte, 1<<20)...) }},
	{"S28_64_KiB_of_nested_sequences", stapled.StapleMalformed, func(a *attempt) { a.der = bytes.Repeat([]byte{0x30, 0x80}, 1<<15) }},
	{"S29_staple_of_the_leaf_for_the_intermediate", stapled.StapleMismatch, func(a *attempt) {
		a.subject, a.issuer = a.ca.Cert, a.root.Cert
	}},
}
