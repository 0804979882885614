// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspstaple decides what an OCSP response (RFC 6960, profile RFC 9919)
// proves about a certificate.
//
// [Authenticate] establishes once who signed what about which certificate;
// [Staple.Check] compares the result with a time on every use. Only both
// together say that a certificate is not revoked. The package does no I/O; its
// subpackage stapler fetches staples and keeps one fresh.
package ocspstaple

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Status is what a staple says about its certificate. The zero value is
// Unknown.
type Status uint8

// The values of CertStatus (RFC 6960 §4.2.1).
const (
	Unknown Status = Status(ocspwire.Unknown)
	Good    Status = Status(ocspwire.Good)
	Revoked Status = Status(ocspwire.Revoked)
)

// String returns the name of the status in RFC 6960.
func (s Status) String() string { return ocspwire.CertStatus(s).String() }

// Staple is an authentic OCSP response for one certificate: its signature, its
// signer's authority and its CertID have been verified. It is immutable. The
// zero value has unknown status and is never fresh.
type Staple struct {
	der        []byte
	status     Status
	producedAt time.Time
	thisUpdate time.Time
	nextUpdate time.Time
	revokedAt  time.Time
	reason     CRLReason
	extended   bool
	// delegate signed the response; nil means the issuer's own key did.
	delegate *x509.Certificate
}

// DER returns the response as received. The caller must not modify it.
func (s *Staple) DER() []byte { return s.der }

// Clone returns a copy that shares no memory with the staple, so changing the
// copy does not affect it.
func (s *Staple) Clone() *Staple {
	if s == nil {
		return nil
	}
	c := *s
	c.der = bytes.Clone(s.der)
	if s.delegate != nil {
		delegate, err := x509.ParseCertificate(bytes.Clone(s.delegate.Raw))
		if err != nil { // it was parsed before
			delegate = new(x509.Certificate) // valid at no time
		}
		c.delegate = delegate
	}
	return &c
}

// Status returns what the response says about the certificate.
func (s *Staple) Status() Status { return s.status }

// ProducedAt returns the time at which the response was signed.
func (s *Staple) ProducedAt() time.Time { return s.producedAt }

// ThisUpdate returns the time at which the status was known to be correct.
func (s *Staple) ThisUpdate() time.Time { return s.thisUpdate }

// NextUpdate returns the time after which the response proves nothing.
func (s *Staple) NextUpdate() time.Time { return s.nextUpdate }

// RevokedAt returns the revocation time; zero unless the status is Revoked.
func (s *Staple) RevokedAt() time.Time { return s.revokedAt }

// RevocationReason returns why the certificate was revoked, or unspecified if
// the response gives no reason.
func (s *Staple) RevocationReason() CRLReason { return s.reason }

// ExtendedRevoke reports whether the staple says revoked in the extended sense
// of RFC 6960 §2.2, which includes serial numbers that the CA never issued: it
// has the extension id-pkix-ocsp-extended-revoke, or the revocation time is the
// beginning of 1970. Such an answer is a reason to refuse the certificate, but
// may change once the responder has heard of it.
func (s *Staple) ExtendedRevoke() bool {
	return s.status == Revoked && (s.extended || s.revokedAt.Equal(time.Unix(0, 0)))
}

// Delegate returns the certificate of the authorized responder that signed the
// response, or nil if the issuer's own key did.
func (s *Staple) Delegate() *x509.Certificate { return s.delegate }

// Freshness says when a staple is fresh.
type Freshness struct {
	// MaxAge limits the time since thisUpdate, regardless of nextUpdate. 0
	// means [stapled.DefaultMaxStapleAge], one hour.
	MaxAge time.Duration
	// Leeway is how far in the future thisUpdate, producedAt and the beginning of
	// a delegate's certificate may be, to allow for clock skew. It never extends
	// MaxAge, nextUpdate or the end of that certificate, so the bound on a
	// revocation stays exact. 0 means [stapled.DefaultLeeway], one minute;
	// [stapled.NoLeeway] means none, and so does more than
	// [stapled.MaxLeeway].
	Leeway time.Duration
}

// FreshUntil returns the last instant at which the staple is fresh.
func (s *Staple) FreshUntil(f Freshness) time.Time {
	if s == nil {
		return time.Time{}
	}
	until := s.thisUpdate.Add(f.maxAge())
	if s.nextUpdate.Before(until) {
		until = s.nextUpdate
	}
	if s.delegate != nil && s.delegate.NotAfter.Before(until) {
		until = s.delegate.NotAfter
	}
	return until
}

func (f Freshness) leeway() time.Duration { return leeway.Of(f.Leeway) }

func (f Freshness) maxAge() time.Duration {
	if f.MaxAge == 0 {
		return stapled.DefaultMaxStapleAge
	}
	return f.MaxAge
}

// Check returns nil only if the staple says good and is fresh at now:
//
//	thisUpdate - Leeway <= now <= nextUpdate  and  now - thisUpdate <= MaxAge
//
// Otherwise it returns a [*stapled.Error]. It compares times, and does not
// allocate on success.
func (s *Staple) Check(now time.Time, f Freshness) error {
	if s == nil {
		return fail(stapled.StapleUnknown, "there is no staple")
	}
	// 1. Authority.
	if err := s.checkAuthority(now, f); err != nil {
		return err
	}
	// 2. Status. Only good is accepted.
	switch s.status {
	case Good:
	case Revoked:
		return fail(stapled.CertificateRevoked, "revoked at %s: %s", timetext.Stamp(s.revokedAt), s.reason)
	default:
		return fail(stapled.StapleUnknown, "the responder does not know the certificate")
	}
	// 3. Freshness.
	return s.checkTimes(now, f)
}

// CheckFresh returns nil only if the staple is fresh at now, whatever it says.
// Use [Staple.Check] to decide about a certificate.
func (s *Staple) CheckFresh(now time.Time, f Freshness) error {
	if s == nil || s.nextUpdate.IsZero() {
		return fail(stapled.StapleUnknown, "no staple, so it is not fresh")
	}
	if err := s.checkAuthority(now, f); err != nil {
		return err
	}
	return s.checkTimes(now, f)
}

// checkAuthority checks that the delegate's certificate is valid (RFC 6960
// §4.2.2.2).
func (s *Staple) checkAuthority(now time.Time, f Freshness) error {
	if s.delegate == nil {
		return nil
	}
	return checkDelegateTime(s.delegate, clock{now, f.Leeway})
}

// checkTimes checks RFC 6960 §3.2 (5) and (6), and RFC 9919 §5.
func (s *Staple) checkTimes(now time.Time, f Freshness) error {
	for _, t := range [...]time.Time{s.thisUpdate, s.producedAt} {
		if t.Add(-f.leeway()).After(now) {
			return fail(stapled.StapleNotYetValid, "from %s, and it is %s", timetext.Stamp(t), timetext.Stamp(now))
		}
	}
	if now.After(s.nextUpdate) {
		return fail(stapled.StapleStale, "nextUpdate was %s, and it is %s", timetext.Stamp(s.nextUpdate), timetext.Stamp(now))
	}
	if age := now.Sub(s.thisUpdate); age > f.maxAge() {
		return fail(stapled.StapleStale, "thisUpdate was %s ago, more than %s", timetext.Duration(age.Round(time.Second)), timetext.Duration(f.maxAge()))
	}
	return nil
}

// checkDelegateTime compares a time with the validity of a delegate's
// certificate. The leeway moves the beginning only.
func checkDelegateTime(delegate *x509.Certificate, at clock) error {
	if at.now.Before(delegate.NotBefore.Add(-leeway.Of(at.leeway))) || at.now.After(delegate.NotAfter) {
		return fail(stapled.StapleUntrusted, "the responder's certificate is valid from %s to %s, and it is %s",
			timetext.Stamp(delegate.NotBefore), timetext.Stamp(delegate.NotAfter), timetext.Stamp(at.now))
	}
	return nil
}

func fail(reason stapled.Reason, format string, args ...any) *stapled.Error {
	return &stapled.Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}
