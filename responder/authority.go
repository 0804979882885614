// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Authority is a CA that the responder answers for.
type Authority struct {
	// Certificate is the CA certificate. Required.
	Certificate *x509.Certificate
	// Source knows the certificates of this CA. Required.
	Source Source
	// Signer signs the responses. It must be the key of SignerCertificate, or
	// of Certificate if there is no SignerCertificate. Required.
	Signer crypto.Signer
	// SignerCertificate is a delegated OCSP signing certificate (RFC 6960
	// §4.2.2.2), which each response embeds. Nil means that the CA key signs;
	// then responses embed nothing, because clients have the CA certificate
	// anyway.
	SignerCertificate *x509.Certificate
}

// authority is an Authority that has passed its checks.
type authority struct {
	name        string
	ca          *x509.Certificate
	source      Source
	signer      crypto.Signer
	algorithm   x509.SignatureAlgorithm
	responderID ocspwire.ResponderID
	// signedBy is the signing key's certificate.
	signedBy *x509.Certificate
	// delegate is nil if the CA key signs.
	delegate *x509.Certificate
}

// version returns the source's version. ok is false if the source cannot tell.
func (a *authority) version(serial *big.Int) (version uint64, ok bool) {
	if v, isVersioned := a.source.(Versioned); isVersioned {
		return v.Version(serial)
	}
	return 0, false
}

// issuerID identifies a CA as a CertID does.
type issuerID struct {
	hash              crypto.Hash
	nameHash, keyHash string
}

func newAuthority(c Authority) (*authority, error) {
	switch {
	case c.Certificate == nil:
		return nil, errors.New("has no certificate")
	case !c.Certificate.BasicConstraintsValid || !c.Certificate.IsCA:
		return nil, errors.New("certificate is not a CA certificate")
	case c.Source == nil:
		return nil, errors.New("has no source of statuses")
	case c.Signer == nil:
		return nil, errors.New("has no signing key")
	}
	if p, ok := c.Source.(Partial); ok && p.IsPartial() {
		return nil, errors.New("has a source that knows only what is revoked, and calls the rest unknown: combine it with one that knows what was issued")
	}
	a := &authority{
		name:     c.Certificate.Subject.String(),
		ca:       c.Certificate,
		source:   c.Source,
		signer:   c.Signer,
		signedBy: c.Certificate,
		delegate: c.SignerCertificate,
	}
	if a.delegate != nil {
		if err := checkDelegate(a.delegate, c.Certificate); err != nil {
			return nil, fmt.Errorf("signer certificate %s: %w", certname.Of(a.delegate), err)
		}
		a.signedBy = a.delegate
	}
	public, ok := c.Signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(a.signedBy.PublicKey) {
		return nil, fmt.Errorf("signing key does not belong to the certificate %s", certname.Of(a.signedBy))
	}
	var err error
	if a.algorithm, err = chooseAlgorithm(c.Signer.Public()); err != nil {
		return nil, err
	}
	if a.responderID, err = ocspwire.ResponderByKey(a.signedBy); err != nil {
		return nil, err
	}
	return a, nil
}

// checkTime refuses a signer whose certificate is not valid now.
func (a *authority) checkTime(now time.Time) error {
	if now.Before(a.signedBy.NotBefore) || now.After(a.signedBy.NotAfter) {
		return fmt.Errorf("certificate %s of the signing key is valid from %s to %s, not now",
			certname.Of(a.signedBy), timetext.Stamp(a.signedBy.NotBefore), timetext.Stamp(a.signedBy.NotAfter))
	}
	return nil
}

// checkDelegate refuses a signer that a strict client would refuse.
func checkDelegate(cert, ca *x509.Certificate) error {
	switch {
	case cert.IsCA:
		return errors.New("is a CA certificate; use one for OCSP signing only")
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errors.New("lacks the extended key usage OCSPSigning (RFC 6960 §4.2.2.2)")
	case cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return errors.New("lacks the key usage digitalSignature")
	case !slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(ocspwire.NoCheck) }):
		return errors.New("lacks id-pkix-ocsp-nocheck, so clients would have to look up its own status (RFC 6960 §4.2.2.2.1)")
	case string(cert.RawIssuer) != string(ca.RawSubject):
		return fmt.Errorf("was issued by another CA, %s, not by %s", certname.IssuerOf(cert), certname.Of(ca))
	}
	if err := cert.CheckSignatureFrom(ca); err != nil {
		return fmt.Errorf("was not issued by the CA itself, %s: %w", certname.Of(ca), err)
	}
	return nil
}

// issuerIDs returns the IDs of a CA under every hash that a client may use.
func issuerIDs(cert *x509.Certificate) ([]issuerID, error) {
	var ids []issuerID
	for _, hash := range ocspwire.Hashes() {
		id, err := ocspwire.NewIssuerID(cert, hash)
		if err != nil {
			return nil, err
		}
		ids = append(ids, issuerID{hash, string(id.NameHash), string(id.KeyHash)})
	}
	return ids, nil
}
