// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// Authenticate verifies that an OCSP response is about the leaf, and that the
// issuer or a responder it authorized signed it (RFC 6960 §3.2 (1) to (4)). The
// issuer must come from a verified chain. Authenticate compares now only with
// the certificate of a delegated responder; [Staple.Check] decides whether the
// staple is good and fresh.
//
// The leeway is how far in the future that certificate may begin, as in
// [Freshness]: 0 means [stapled.DefaultLeeway], one minute; [stapled.NoLeeway]
// means none.
//
// The error is a [*stapled.Error] with the reason [stapled.StapleMalformed],
// [stapled.StapleMismatch] or [stapled.StapleUntrusted]. The staple keeps der,
// which the caller must not modify afterwards.
func Authenticate(der []byte, leaf, issuer *x509.Certificate, now time.Time, leeway time.Duration) (*Staple, error) {
	return authenticate(der, leaf, issuer, clock{now, leeway}, allowance{})
}

// clock is a time, and how far it may be behind.
type clock struct {
	now    time.Time
	leeway time.Duration // as configured
}

func authenticate(der []byte, leaf, issuer *x509.Certificate, at clock, allow allowance) (*Staple, error) {
	// 1. It is one well-formed basic response about one certificate.
	var r response
	if err := r.parse(der, allow); err != nil {
		return nil, err
	}
	// 2. That certificate is the leaf (RFC 6960 §3.2 (1)).
	if err := r.certID.check(leaf, issuer); err != nil {
		return nil, err
	}
	// 3. The signature is from an entitled party (§3.2 (2) to (4)).
	delegate, err := r.signer(leaf, issuer, at, allow)
	if err != nil {
		return nil, err
	}
	return &Staple{
		der:        der,
		status:     r.status,
		producedAt: r.producedAt,
		thisUpdate: r.thisUpdate,
		nextUpdate: r.nextUpdate,
		revokedAt:  r.revokedAt,
		reason:     r.reason,
		extended:   r.extended,
		delegate:   delegate,
	}, nil
}

// signer finds who signed the response. It returns nil for the issuer's own
// key, or the certificate of a responder that the issuer delegated to. It
// considers those that the ResponderID names (§4.2.2.3), but only signatures
// decide, because anyone can claim a name.
func (r *response) signer(leaf, issuer *x509.Certificate, at clock, allow allowance) (*x509.Certificate, error) {
	// 1. The algorithm and the issuer's key are strong enough.
	if err := allow.checkSignatureAlgorithm(r.algorithm); err != nil {
		return nil, fail(stapled.StapleUntrusted, "%w", err)
	}
	if err := certkey.Check(issuer.PublicKey); err != nil {
		return nil, fail(stapled.StapleUntrusted, "the issuer: %w", err)
	}
	// 2. The issuer itself. A copy of its certificate may be embedded, which
	// changes nothing.
	named, err := r.names(issuer)
	if err != nil {
		return nil, err
	}
	if named && issuer.CheckSignature(r.algorithm, r.tbs, r.signature) == nil {
		return nil, nil
	}
	// 3. An embedded certificate, anywhere in the list. A responder may embed
	// an old certificate of its key beside the current one.
	var refused error
	for _, delegate := range r.certs {
		named, err := r.names(delegate)
		if err != nil {
			return nil, err
		}
		if !named {
			continue
		}
		// Its authority comes first: never use a key that the issuer does not
		// vouch for.
		err = checkDelegate(delegate, leaf, issuer, at, allow)
		if err == nil && delegate.CheckSignature(r.algorithm, r.tbs, r.signature) == nil {
			return delegate, nil
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return nil, refused
	}
	return nil, fail(stapled.StapleUntrusted, "neither the issuer, %s, nor a responder that it authorized has signed it", certname.Of(issuer))
}

// names reports whether the ResponderID names this certificate.
func (r *response) names(c *x509.Certificate) (bool, error) {
	named, err := r.responder.Names(c)
	if err != nil {
		return false, fail(stapled.StapleMalformed, "%w", err)
	}
	return named, nil
}

// checkDelegate checks a delegated responder's certificate against RFC 6960
// §4.2.2.2 and §4.2.2.2.1. The signature comes last: a certificate that is not
// a delegate's costs none, whoever embedded it.
func checkDelegate(delegate, leaf, issuer *x509.Certificate, at clock, allow allowance) error {
	// 1. It names the issuer, and its cryptography is strong enough.
	if !bytes.Equal(delegate.RawIssuer, issuer.RawSubject) {
		return fail(stapled.StapleUntrusted, "the responder's certificate is issued by %s, not by %s", certname.IssuerOf(delegate), certname.Of(issuer))
	}
	if err := certkey.Check(delegate.PublicKey); err != nil {
		return fail(stapled.StapleUntrusted, "the responder's certificate: %w", err)
	}
	if err := certkey.CheckEncoding(delegate); err != nil {
		return fail(stapled.StapleUntrusted, "the responder's certificate: %w", err)
	}
	if err := allow.checkSignatureAlgorithm(delegate.SignatureAlgorithm); err != nil {
		return fail(stapled.StapleUntrusted, "the responder's certificate: %w", err)
	}
	// 2. It explicitly allows signing OCSP responses: anyExtendedKeyUsage does
	// not count.
	if !signsOCSP(delegate) {
		return fail(stapled.StapleUntrusted, "the responder's certificate lacks the extended key usage OCSPSigning")
	}
	if delegate.KeyUsage&x509.KeyUsageDigitalSignature == 0 && !(allow.missingKeyUsage && delegate.KeyUsage == 0) {
		return fail(stapled.StapleUntrusted, "the responder's certificate lacks the key usage digitalSignature")
	}
	if delegate.IsCA {
		return fail(stapled.StapleUntrusted, "the responder's certificate is a CA's")
	}
	// 3. It says that it needs no revocation check; nobody could do one.
	if !hasExtension(delegate, ocspwire.NoCheck) && !allow.missingNoCheck {
		return fail(stapled.StapleUntrusted, "the responder's certificate lacks id-pkix-ocsp-nocheck")
	}
	// 4. It has no critical extension that this package does not understand.
	for _, oid := range delegate.UnhandledCriticalExtensions {
		if !oid.Equal(ocspwire.NoCheck) {
			return fail(stapled.StapleUntrusted, "the responder's certificate has the unknown critical extension %s", oid)
		}
	}
	// 5. It is not the leaf's own key: its holder could go on vouching for it
	// after its revocation.
	if certkey.Same(delegate, leaf) {
		return fail(stapled.StapleUntrusted, "the certificate's own key has signed it")
	}
	// 6. It is valid now.
	if err := checkDelegateTime(delegate, at); err != nil {
		return err
	}
	// 7. The issuer itself signed it, not a namesake, a sibling under the same
	// root, or another delegate.
	err := issuer.CheckSignature(delegate.SignatureAlgorithm, delegate.RawTBSCertificate, delegate.Signature)
	if err != nil {
		return fail(stapled.StapleUntrusted, "the responder's certificate is not signed by the issuer, %s: %w", certname.Of(issuer), err)
	}
	return nil
}

func signsOCSP(c *x509.Certificate) bool {
	for _, usage := range c.ExtKeyUsage {
		if usage == x509.ExtKeyUsageOCSPSigning {
			return true
		}
	}
	return false
}

func hasExtension(c *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	for _, ext := range c.Extensions {
		if ext.Id.Equal(oid) {
			return true
		}
	}
	return false
}
