// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/smallstep/certificates/api"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/timetext"
	"go.step.sm/crypto/x509util"
)

// EnrolRequest says which certificate to issue.
type EnrolRequest struct {
	// Name becomes the common name. Required.
	Name string
	// SANs are the names that the certificate is for: DNS names and URIs.
	// Default: Name.
	SANs []string
	// Validity is the lifetime from now on; 0 means the CA's default of 24 h.
	Validity time.Duration
	// Key is the key to certify; nil makes a new P-256 key.
	Key crypto.Signer
}

// Enrol gets a certificate by the provisioner's authority. The chain of the
// result is leaf and intermediate, without the root.
func (c *Client) Enrol(ctx context.Context, req EnrolRequest) (*certs.Identity, error) {
	if req.Name == "" {
		return nil, fail(Misconfigured, "a certificate needs a name")
	}
	if req.Validity < 0 {
		return nil, fail(Misconfigured, "validity %s is negative", timetext.Duration(req.Validity))
	}
	sans := req.SANs
	if len(sans) == 0 {
		sans = []string{req.Name}
	}
	key := req.Key
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, fail(Failed, "generate a key: %w", err)
		}
	}
	// The CA compares the request with the token, so both use its own rule of
	// what is a DNS name and what a URI.
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: req.Name}}
	template.DNSNames, template.IPAddresses, template.EmailAddresses, template.URIs = x509util.SplitSANs(sans)
	names := san.Names{DNS: template.DNSNames}
	for _, uri := range template.URIs {
		names.URIs = append(names.URIs, uri.String())
	}
	if names.Issuer() == "" {
		return nil, fail(Misconfigured, "none of %q is a DNS name or a URI, and a token could not name its issuer", sans)
	}
	csr, err := newCSR(template, key)
	if err != nil {
		return nil, err
	}
	const path = "/1.0/sign"
	ott, err := c.token(ctx, path, req.Name, sans)
	if err != nil {
		return nil, err
	}
	sign := &api.SignRequest{CsrPEM: csr, OTT: ott}
	if req.Validity > 0 {
		sign.NotAfter.SetDuration(req.Validity)
	}
	var reply api.SignResponse
	if err := c.call(ctx, c.http, http.MethodPost, path, sign, &reply); err != nil {
		return nil, err
	}
	return c.identity(reply, key)
}

// Renew gets a new certificate for the same names and the same lifetime, on
// the authority of the certificate itself (mutual TLS), while that is valid
// and not revoked. It uses the CA's rekey, with a fresh key of the same kind:
// a key then never outlives its certificate.
func (c *Client) Renew(ctx context.Context, id *certs.Identity) (*certs.Identity, error) {
	leaf := id.Leaf()
	if time.Now().After(leaf.NotAfter) {
		return nil, fail(Refused, "certificate %#x expired at %s, so it cannot renew itself; enrol again", leaf.SerialNumber, timetext.Stamp(leaf.NotAfter))
	}
	key, err := newKeyLike(leaf.PublicKey)
	if err != nil {
		return nil, err
	}
	csr, err := newCSR(&x509.CertificateRequest{Subject: leaf.Subject}, key)
	if err != nil {
		return nil, err
	}
	client := c.newHTTPClient(clientCertificate(id))
	defer client.CloseIdleConnections()
	var reply api.SignResponse
	if err := c.call(ctx, client, http.MethodPost, "/1.0/rekey", &api.RekeyRequest{CsrPEM: csr}, &reply); err != nil {
		return nil, err
	}
	return c.identity(reply, key)
}

func clientCertificate(id *certs.Identity) *tls.Certificate {
	certificate := &tls.Certificate{PrivateKey: id.Key, Leaf: id.Leaf()}
	for _, cert := range id.Chain {
		certificate.Certificate = append(certificate.Certificate, cert.Raw)
	}
	return certificate
}

func newCSR(template *x509.CertificateRequest, key crypto.Signer) (api.CertificateRequest, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return api.CertificateRequest{}, fail(Misconfigured, "make a certificate request: %w", err)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return api.CertificateRequest{}, fail(Misconfigured, "make a certificate request: %w", err)
	}
	return api.NewCertificateRequest(csr), nil
}

// newKeyLike makes a key of the same kind and size.
func newKeyLike(public crypto.PublicKey) (key crypto.Signer, err error) {
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		key, err = ecdsa.GenerateKey(p.Curve, rand.Reader)
	case *rsa.PublicKey:
		key, err = rsa.GenerateKey(rand.Reader, p.N.BitLen())
	case ed25519.PublicKey:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("keys of type %T are not supported", public)
	}
	if err != nil {
		return nil, fail(Failed, "generate a key: %w", err)
	}
	return key, nil
}

// identity checks what the CA has sent before anybody relies on it.
func (c *Client) identity(reply api.SignResponse, key crypto.Signer) (*certs.Identity, error) {
	var chain []*x509.Certificate
	for _, cert := range reply.CertChainPEM {
		// x5c leaves the anchor out.
		if cert.Certificate != nil && !cert.Equal(c.root) {
			chain = append(chain, cert.Certificate)
		}
	}
	if len(chain) == 0 {
		return nil, fail(Refused, "CA at %s sent no certificate", c.base)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		return nil, fail(Refused, "CA at %s certified another key than was asked for", c.base)
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(c.root)
	for _, cert := range chain[1:] {
		others.AddCert(cert)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return nil, fail(Refused, "CA at %s sent a certificate that does not lead to its root: %w", c.base, err)
	}
	return &certs.Identity{Chain: slices.Clip(chain), Key: key}, nil
}
