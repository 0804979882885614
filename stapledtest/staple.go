// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapledtest

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// StapleValidity is the time from thisUpdate to nextUpdate of a staple.
const StapleValidity = 10 * time.Minute

// Status says what is right or wrong with a staple. The zero value is Unknown.
type Status uint8

// The statuses, each with the reason for rejecting a token with such a staple.
const (
	// Unknown: the CA does not know the certificate: staple_unknown.
	Unknown Status = iota
	// Good: the certificate is not revoked, as of now.
	Good
	// Revoked: it was revoked a minute ago, with the reason passed to
	// [CA.Revoke], or else unspecified: certificate_revoked.
	Revoked
	// Stale: good, with a nextUpdate an hour ago: staple_stale.
	Stale
	// NotYetValid: good, with a thisUpdate an hour ahead: staple_not_yet_valid.
	NotYetValid
	// Untrusted: good, but signed by another CA, which did not issue the
	// certificate: staple_untrusted.
	Untrusted
)

// Revoke revokes the certificate of an identity for a reason of RFC 5280
// §5.3.1. From then on the CA says so: in [CA.Fetch], and in the issuers of
// [CA.Issuer]. Earlier staples stay good until they end, as in production.
func (ca *CA) Revoke(id *certs.Identity, reason ocspstaple.CRLReason) {
	ca.tb.Helper()
	ca.mustHaveIssued(id)
	if reason < 0 || reason == 7 || reason > 10 {
		ca.tb.Fatalf("stapledtest: %d is no CRLReason", reason)
	}
	ca.revoked.Lock()
	defer ca.revoked.Unlock()
	ca.revoked.reasons[id.Leaf().SerialNumber.String()] = reason
}

func (ca *CA) revocation(c *x509.Certificate) (reason ocspstaple.CRLReason, revoked bool) {
	ca.revoked.Lock()
	defer ca.revoked.Unlock()
	reason, revoked = ca.revoked.reasons[c.SerialNumber.String()]
	return reason, revoked
}

// Staple returns an OCSP response (RFC 6960 §4.2.1) in DER about the
// certificate of an identity of this CA. It has the requested status, whether
// or not the certificate is revoked.
func (ca *CA) Staple(id *certs.Identity, status Status) []byte {
	ca.tb.Helper()
	ca.mustHaveIssued(id)
	if status > Untrusted {
		ca.tb.Fatalf("stapledtest: no such status: %d", status)
	}
	return ca.respond(id.Leaf(), status)
}

// issued reports whether the CA is the issuer of a certificate.
func (ca *CA) issued(c *x509.Certificate) bool { return c.CheckSignatureFrom(ca.party.Cert) == nil }

func (ca *CA) mustHaveIssued(id *certs.Identity) {
	ca.tb.Helper()
	if !ca.issued(id.Leaf()) {
		ca.tb.Fatalf("stapledtest: %s did not issue the certificate of %s", ca.party.Cert.Subject, id.Leaf().Subject)
	}
}

func (ca *CA) respond(c *x509.Certificate, status Status) []byte {
	subject := &testca.Party{Cert: c, Issuer: ca.party}
	at := ca.Clock.Now().Truncate(time.Second)
	return subject.Staple(func(r *testca.Response) {
		single := &r.Singles[0]
		switch status {
		case Unknown:
			single.Status = testca.Unknown
		case Revoked:
			single.Status, single.RevokedAt = testca.Revoked, at.Add(-time.Minute)
			if reason, ok := ca.revocation(c); ok && reason != 0 {
				single.Reason = int(reason)
			}
		case Stale:
			at = at.Add(-time.Hour - StapleValidity)
		case NotYetValid:
			at = at.Add(time.Hour)
		case Untrusted:
			testca.SignedBy(testca.New(testca.Named("Another CA"), testca.WithKey(newKey(ca.tb))))(r)
		}
		r.ProducedAt, single.ThisUpdate, single.NextUpdate = at, at, at.Add(StapleValidity)
	})
}

// Fetch answers as the CA's responder would: good, or revoked after
// [CA.Revoke]. It makes the CA a Fetcher for package stapler, which uses
// [time.Now]: leave the clock running, or use testing/synctest.
func (ca *CA) Fetch(ctx context.Context, req stapler.Request) ([]byte, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if !req.Issuer.Equal(ca.party.Cert) || !ca.issued(req.Certificate) {
		return nil, fmt.Errorf("stapledtest: not a certificate of this CA: %w", stapler.Unauthorized)
	}
	return ca.respond(req.Certificate, ca.status(req.Certificate)), nil
}

// status returns what the CA knows about a certificate that it issued.
func (ca *CA) status(c *x509.Certificate) Status {
	if _, revoked := ca.revocation(c); revoked {
		return Revoked
	}
	return Good
}
