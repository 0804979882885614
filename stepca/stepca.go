// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stepca is a client for the step-ca API: it enrolls, renews, revokes,
// and reads what the CA publishes.
//
//	client, err := stepca.New(stepca.Config{
//		URL: "https://ca.internal:9000", Root: root,
//		Provisioner: "admin", Password: password,
//	})
//	…
//	identity, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "orders.internal"})
//
// The API is a handful of JSON requests, which the package sends itself. It
// depends on the standard library, go-jose and other light packages of this
// module. For a directory of the embedded CA, ca.ClientConfig returns the
// Config.
package stepca

import (
	"bytes"
	"crypto/x509"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Config says how to reach a step-ca and which credentials to use.
type Config struct {
	// URL is the step-ca API, such as https://ca.internal:9000. Required.
	URL string
	// Root is the root of the CA's TLS certificate. Required.
	Root *x509.Certificate
	// Provisioner is the name of a JWK provisioner, or with X5C of an X5C
	// provisioner. Enroll, Delegate and Revoke need it.
	Provisioner string
	// Password decrypts the key of a JWK provisioner. Enroll, Delegate and Revoke
	// need it, or X5C.
	Password []byte
	// X5C returns a certificate, below a root of the X5C provisioner, and its
	// key. They authorize requests in place of Password. The certificate must
	// have clientAuth and digitalSignature. Client calls X5C for every token,
	// because such a certificate is renewed. Default: a JWK provisioner.
	X5C func() (*certs.Identity, error)
	// PasswordSource says where Password comes from, for errors. Default: "the
	// password".
	PasswordSource string
	// OCSPURL is the OCSP responder of the CA. Status needs it.
	OCSPURL string
	// Issuers are the certificates of the CA: first the one that issues leaves,
	// last the root. Status needs them. A list that is empty is an error.
	Issuers []*x509.Certificate
	// Hint says what to check when the CA does not answer, for errors. Default:
	// "is it running, and is this its URL?".
	Hint string
}

// A Client talks to one step-ca. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client
	ocsp *stapler.HTTPFetcher // nil without a responder

	mu     sync.Mutex
	signer jose.Signer // decrypted once: that is slow on purpose
}

// New returns a client. It does not connect yet. An invalid configuration is
// [stapled.ConfigInvalid].
func New(cfg Config) (*Client, error) {
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Root == nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the root certificate of the CA is missing")
	}
	if cfg.Issuers != nil && len(cfg.Issuers) == 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "Config.Issuers is empty: leave it nil, or list the certificates of the CA")
	}
	if cfg.X5C != nil && cfg.Password != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "Config has X5C and Password: leave one out, by the type of the provisioner")
	}
	cfg.Password, cfg.Issuers = bytes.Clone(cfg.Password), slices.Clone(cfg.Issuers)
	if cfg.PasswordSource == "" {
		cfg.PasswordSource = "the password"
	}
	if cfg.Hint == "" {
		cfg.Hint = "is it running, and is this its URL?"
	}
	c := &Client{cfg: cfg, base: base, http: newHTTPClient(trusting(cfg.Root))}
	if cfg.OCSPURL != "" {
		if c.ocsp, err = stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: cfg.OCSPURL}); err != nil {
			return nil, stapled.Errorf(stapled.ConfigInvalid, "OCSPURL: %w", err)
		}
	}
	return c, nil
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // its text has the URL, and with it a password
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the CA URL cannot be read; write https://host[:port]")
	case u.User != nil:
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the CA URL has a user name, and step-ca has no use for one")
	case u.Scheme != "https" || u.Host == "":
		return nil, stapled.Errorf(stapled.ConfigInvalid, "CA URL %q is not an https URL", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, stapled.Errorf(stapled.ConfigInvalid, "CA URL %q has a query or a fragment; write https://host[:port]", text)
	}
	return u, nil
}

// check refuses the zero Client.
func (c *Client) check() error {
	if c.base == nil {
		return stapled.Errorf(stapled.ConfigInvalid, "this Client was not made by stepca.New")
	}
	return nil
}

// Root returns the root certificate of the CA.
func (c *Client) Root() *x509.Certificate { return c.cfg.Root }

// Issuers returns [Config].Issuers.
func (c *Client) Issuers() []*x509.Certificate { return slices.Clone(c.cfg.Issuers) }

// OCSPURL returns [Config].OCSPURL.
func (c *Client) OCSPURL() string { return c.cfg.OCSPURL }
