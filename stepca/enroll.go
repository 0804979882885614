// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// EnrollRequest describes the certificate to issue.
type EnrollRequest struct {
	// Name becomes the common name. Required.
	Name string
	// SANs are the names in the certificate: DNS names and URIs. Default: Name.
	// A list that is empty is an error.
	SANs []string
	// Validity is the lifetime from now. Default: the CA's, which is 24 h
	// unless configured otherwise.
	Validity time.Duration
	// Key is the key to certify. Default: a new P-256 key.
	Key crypto.Signer
}

type signRequest struct {
	CSR      string `json:"csr"`
	OTT      string `json:"ott"`
	NotAfter string `json:"notAfter,omitempty"`
}

type signResponse struct {
	Chain []certificate `json:"certChain"`
}

// Enroll gets a certificate, authorized by the provisioner. The result's chain
// is the leaf and the intermediate, and its anchor is the root.
func (c *Client) Enroll(ctx context.Context, req EnrollRequest) (*certs.Identity, error) {
	if req.Name == "" {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "a certificate needs a name")
	}
	if req.Validity < 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "validity %s is negative", timetext.Duration(req.Validity))
	}
	sans := req.SANs
	if sans != nil && len(sans) == 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "EnrollRequest.SANs is empty: leave it nil for the name, or list names")
	}
	if sans == nil {
		sans = []string{req.Name}
	}
	template := certificateRequest(req.Name, sans)
	var uris []string
	for _, uri := range template.URIs {
		uris = append(uris, uri.String())
	}
	if san.Usable(uris, template.DNSNames).Issuer() == "" {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "none of %q is the name of a host or a URI with one, and a token could not name its issuer", sans)
	}
	return c.sign(ctx, template, sans, req.Validity, req.Key)
}

// sign gets a certificate for a key, or for a new P-256 key if that is nil.
func (c *Client) sign(ctx context.Context, template *x509.CertificateRequest, sans []string, validity time.Duration, key crypto.Signer) (*certs.Identity, error) {
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, stapled.Errorf(stapled.Failed, "generate a key: %w", err)
		}
	}
	csr, err := encodeCSR(template, key)
	if err != nil {
		return nil, err
	}
	const path = "/1.0/sign"
	ott, err := c.token(ctx, path, template.Subject.CommonName, sans)
	if err != nil {
		return nil, err
	}
	in := signRequest{CSR: csr, OTT: ott}
	if validity > 0 {
		in.NotAfter = validity.String()
	}
	var reply signResponse
	if err := c.post(ctx, c.http, path, in, &reply); err != nil {
		return nil, err
	}
	return c.identity(reply, key)
}

// certificateRequest sorts names as step-ca does (x509util.SplitSANs), because
// the CA compares the request with the token: an IP address, else a text with a
// URI scheme, else a text with an @, else a DNS name.
func certificateRequest(name string, sans []string) *x509.CertificateRequest {
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
	for _, text := range sans {
		uri, err := url.Parse(text)
		switch ip := net.ParseIP(text); {
		case text == "":
		case ip != nil:
			template.IPAddresses = append(template.IPAddresses, ip)
		case err == nil && uri.Scheme != "":
			template.URIs = append(template.URIs, uri)
		case strings.Contains(text, "@"):
			template.EmailAddresses = append(template.EmailAddresses, text)
		default:
			template.DNSNames = append(template.DNSNames, text)
		}
	}
	return template
}

func encodeCSR(template *x509.CertificateRequest, key crypto.Signer) (string, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return "", stapled.Errorf(stapled.ConfigInvalid, "make a certificate request: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), nil
}

// Renew gets a new certificate with the same key, names and lifetime. The
// certificate itself authorizes the request (mutual TLS), so it must be valid
// and not revoked.
func (c *Client) Renew(ctx context.Context, id *certs.Identity) (*certs.Identity, error) {
	if err := c.checkRenewal(id); err != nil {
		return nil, err
	}
	return c.renew(ctx, id, "/1.0/renew", nil, id.Key)
}

// Rekey is like Renew, but with a new key of the same kind, so that a key never
// outlives its certificate.
func (c *Client) Rekey(ctx context.Context, id *certs.Identity) (*certs.Identity, error) {
	if err := c.checkRenewal(id); err != nil {
		return nil, err
	}
	key, err := newKeyLike(id.Leaf().PublicKey)
	if err != nil {
		return nil, err
	}
	csr, err := encodeCSR(&x509.CertificateRequest{Subject: id.Leaf().Subject}, key)
	if err != nil {
		return nil, err
	}
	return c.renew(ctx, id, "/1.0/rekey", struct {
		CSR string `json:"csr"`
	}{csr}, key)
}

// checkRenewal refuses the zero Client and an identity without a certificate.
func (c *Client) checkRenewal(id *certs.Identity) error {
	if err := c.check(); err != nil {
		return err
	}
	if id == nil || id.Leaf() == nil || id.Key == nil {
		return stapled.Errorf(stapled.ConfigInvalid, "an identity without a certificate and a key cannot be renewed")
	}
	return nil
}

func (c *Client) renew(ctx context.Context, id *certs.Identity, path string, in any, key crypto.Signer) (*certs.Identity, error) {
	leaf := id.Leaf()
	if time.Now().After(leaf.NotAfter) {
		return nil, stapled.Errorf(stapled.Refused, "certificate %#x expired at %s, so it cannot renew itself; enroll again", leaf.SerialNumber, timetext.Stamp(leaf.NotAfter))
	}
	client := c.as(id)
	defer client.CloseIdleConnections()
	var reply signResponse
	if err := c.post(ctx, client, path, in, &reply); err != nil {
		return nil, err
	}
	return c.identity(reply, key)
}

// newKeyLike makes a key of the same kind and size.
func newKeyLike(public crypto.PublicKey) (key crypto.Signer, err error) {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		key, err = ecdsa.GenerateKey(public.Curve, rand.Reader)
	case ed25519.PublicKey:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case *rsa.PublicKey:
		key, err = rsa.GenerateKey(rand.Reader, public.N.BitLen())
	default:
		return nil, stapled.Errorf(stapled.ConfigInvalid, "cannot make a key like %T", public)
	}
	if err != nil {
		return nil, stapled.Errorf(stapled.Failed, "generate a key: %w", err)
	}
	return key, nil
}

// identity checks what the CA sent before anyone relies on it.
func (c *Client) identity(reply signResponse, key crypto.Signer) (*certs.Identity, error) {
	var chain []*x509.Certificate
	for _, cert := range reply.Chain {
		// x5c omits the anchor.
		if cert.Certificate != nil && !cert.Equal(c.cfg.Root) {
			chain = append(chain, cert.Certificate)
		}
	}
	if len(chain) == 0 {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent no certificate", c.base)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s certified a key other than the one in the request", c.base)
	}
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(c.cfg.Root)
	for _, cert := range chain[1:] {
		others.AddCert(cert)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}); err != nil {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent a certificate that does not lead to its root: %w", c.base, err)
	}
	return &certs.Identity{Chain: slices.Clip(chain), Key: key, Anchor: c.cfg.Root}, nil
}
