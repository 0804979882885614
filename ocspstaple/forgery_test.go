// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"crypto/x509"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// attempt is what a forger hands in. It starts as a staple that is accepted,
// so that a row says only what is wrong.
type attempt struct {
	root, ca, leaf, delegate *testca.Party

	der             []byte
	subject, issuer *x509.Certificate
	now             time.Time
	freshness       ocspstaple.Freshness
	// authenticated is when the staple was authenticated, if that was not now.
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

// response is an attempt with an edited response.
func response(edit func(*testca.Response)) func(*attempt) {
	return func(a *attempt) { a.staple(edit) }
}

// judge gives what the package says of an attempt, and holds it to what its
// documentation says of errors. Whatever does not change with time must be
// refused once and for all, by Authenticate.
func (a *attempt) judge(t *testing.T) error {
	t.Helper()
	authenticated := a.now
	if !a.authenticated.IsZero() {
		authenticated = a.authenticated
	}
	staple, err := ocspstaple.Authenticate(a.der, a.subject, a.issuer, authenticated)
	if err != nil {
		if staple != nil {
			t.Error("a staple beside an error")
		}
		checkError(t, err, ocspstaple.Malformed, ocspstaple.Mismatch, ocspstaple.Untrusted)
		return err
	}
	if err := staple.Check(a.now, a.freshness); err != nil {
		checkError(t, err, ocspstaple.Untrusted, ocspstaple.NotYetValid, ocspstaple.Stale,
			ocspstaple.StatusUnknown, ocspstaple.CertificateRevoked)
		if errors.Is(err, ocspstaple.Untrusted) && a.authenticated.IsZero() {
			t.Errorf("Authenticate let through: %v", err)
		}
		return err
	}
	return nil
}

func checkError(t *testing.T, err error, documented ...ocspstaple.Reason) {
	t.Helper()
	var e *ocspstaple.Error
	if !errors.As(err, &e) || !slices.Contains(documented, e.Reason) || !errors.Is(err, e.Reason) || e.Err == nil {
		t.Errorf("%T %v is not an error as documented", err, err)
	}
}

// forgery is a row: what must be refused, and why.
type forgery struct {
	name   string
	reason ocspstaple.Reason
	forge  func(*attempt)
}

// forgeries are all rows.
func forgeries() []forgery {
	return slices.Concat(signerForgeries, delegateForgeries, subjectForgeries, statusForgeries, timeForgeries,
		algorithmForgeries, encodingForgeries())
}

func TestForgeries(t *testing.T) {
	seen := make(map[string]bool)
	for _, row := range forgeries() {
		if seen[row.name] {
			t.Errorf("two rows are named %s", row.name)
		}
		seen[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			a := newAttempt()
			row.forge(a)
			if err := a.judge(t); !errors.Is(err, row.reason) {
				t.Errorf("got %v, want %s", err, row.reason)
			}
		})
	}
}
