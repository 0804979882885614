// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/smallstep/certificates/api"
	"golang.org/x/crypto/ocsp"
)

const (
	clientTimeout = 30 * time.Second
	// maxReply bounds what is read of an answer.
	maxReply = 1 << 20
)

// ClientConfig names a step-ca and how to speak to it.
type ClientConfig struct {
	// URL is the step-ca API, such as https://ca.internal:9000. Required.
	URL string
	// Root is the certificate that the CA's TLS certificate leads to. Required.
	Root *x509.Certificate
	// Provisioner is the name of a JWK provisioner. Enrol and Revoke need it.
	Provisioner string
	// Password decrypts the key of the provisioner. Enrol and Revoke need it.
	Password []byte
}

// A Client enrols, renews and revokes through the API of a step-ca. It never
// opens the CA's database, so it works while the CA runs in another process.
// It is safe for concurrent use.
type Client struct {
	base        *url.URL
	root        *x509.Certificate
	provisioner string
	password    []byte
	http        *http.Client
	hint        string // what to look at if the CA does not answer
	// passwordFrom says whose password it is.
	passwordFrom string
	// What NewClient knows besides: the responder, and whose answers it gives.
	ocspURL string
	issuers []*x509.Certificate

	mu  sync.Mutex
	key *provisionerKey // decrypted once, which is slow on purpose
}

// NewClient returns a client for the CA in dir. It only reads files. The key of
// the provisioner opens with the password of ca.json, or else that in
// secrets/password.
func NewClient(dir string) (*Client, error) { return NewClientWithPassword(dir, nil) }

// NewClientWithPassword is NewClient with a password of the provisioner's own; nil
// takes those of NewClient.
func NewClientWithPassword(dir string, password []byte) (*Client, error) {
	l, err := newLayout(dir)
	if err != nil {
		return nil, err
	}
	stepCfg, s, err := l.load()
	if err != nil {
		return nil, err
	}
	path, err := readTrustPath(stepCfg)
	if err != nil {
		return nil, err
	}
	found, err := l.findPassword(password, stepCfg)
	if err != nil {
		return nil, err
	}
	c, err := NewRemoteClient(ClientConfig{URL: s.CAURL, Root: path.root(), Provisioner: s.Provisioner, Password: found.password})
	if err != nil {
		return nil, err
	}
	c.hint = fmt.Sprintf("is `stapled up --dir %s` running?", dir)
	c.passwordFrom = found.from
	c.ocspURL = s.OCSPURL
	c.issuers = path.certificates
	return c, nil
}

// NewRemoteClient returns a client for any step-ca. It does not connect yet.
func NewRemoteClient(cfg ClientConfig) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fail(Misconfigured, "the CA URL cannot be read; write https://host[:port]")
	}
	if u.User != nil {
		return nil, fail(Misconfigured, "the CA URL holds a user name, and step-ca has no use for one")
	}
	if u.Scheme != "https" || u.Host == "" {
		return nil, fail(Misconfigured, "CA URL %q is not an https URL", cfg.URL)
	}
	if cfg.Root == nil {
		return nil, fail(Misconfigured, "the root certificate of the CA is missing")
	}
	c := &Client{
		base: u, root: cfg.Root, provisioner: cfg.Provisioner, password: bytes.Clone(cfg.Password),
		hint: "is it running, and is this its URL?", passwordFrom: "the password",
	}
	c.http = c.newHTTPClient(nil)
	return c, nil
}

// newHTTPClient trusts the CA's root and nothing else.
func (c *Client) newHTTPClient(certificate *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(c.root)
	cfg := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		// Not Certificates: Go withholds those whose issuer the server does
		// not announce, and the failure would then look like something else.
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	// Not HTTP/2: a Go server that ends keeps each idle connection of it for a
	// second, and for a handful of requests it saves nothing.
	return &http.Client{
		Timeout:   clientTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg, IdleConnTimeout: time.Minute},
	}
}

// OCSPURL is the responder of the CA, if NewClient has found it in the directory,
// and else empty.
func (c *Client) OCSPURL() string { return c.ocspURL }

// Root is the root certificate of the CA.
func (c *Client) Root() *x509.Certificate { return c.root }

// Issuers are the certificates of the CA if NewClient has found them in the
// directory, and else none: first the one that issues, last the root.
func (c *Client) Issuers() []*x509.Certificate { return slices.Clone(c.issuers) }

// Health asks the CA whether it is well.
func (c *Client) Health(ctx context.Context) error {
	var reply api.HealthResponse
	if err := c.call(ctx, c.http, http.MethodGet, "/health", nil, &reply); err != nil {
		return err
	}
	if reply.Status != "ok" {
		return fail(Refused, "CA at %s says that its status is %q", c.base, reply.Status)
	}
	return nil
}

// Revoke has the CA revoke a certificate by serial number, decimal or
// hexadecimal with 0x. The reason code is a CRLReason (RFC 5280 §5.3.1); the
// reason is a text for the CA's records. A certificate that is revoked already
// gives AlreadyRevoked.
//
// step-ca keeps no one from revoking a serial that it has never issued.
func (c *Client) Revoke(ctx context.Context, serial string, reasonCode int, reason string) error {
	n, ok := new(big.Int).SetString(serial, 0)
	if !ok || n.Sign() <= 0 {
		return fail(Misconfigured, "serial number %q is neither decimal nor hexadecimal with 0x", serial)
	}
	// 7 is not assigned; removeFromCRL undoes a hold, which OCSP cannot.
	if reasonCode < ocsp.Unspecified || reasonCode > ocsp.AACompromise || reasonCode == 7 || reasonCode == ocsp.RemoveFromCRL {
		return fail(Misconfigured, "revocation reason %d is not one of 0-6, 9, 10 (RFC 5280 §5.3.1)", reasonCode)
	}
	const path = "/1.0/revoke"
	ott, err := c.token(ctx, path, n.String(), nil)
	if err != nil {
		return err
	}
	var reply api.RevokeResponse
	err = c.call(ctx, c.http, http.MethodPost, path, &api.RevokeRequest{
		Serial: n.String(), OTT: ott, ReasonCode: reasonCode, Reason: reason, Passive: true,
	}, &reply)
	if errors.Is(err, Refused) && strings.Contains(err.Error(), "already revoked") {
		return fail(AlreadyRevoked, "certificate %#x has been revoked before: %w", n, err)
	}
	return err
}

// call exchanges JSON with the CA.
func (c *Client) call(ctx context.Context, client *http.Client, method, path string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fail(Failed, "encode the request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	// path may carry a query, which JoinPath would escape.
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+path, body)
	if err != nil {
		return fail(Failed, "make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil && ctx.Err() != nil {
		return fail(Failed, "ask the CA at %s: %w", c.base, context.Cause(ctx))
	}
	if err != nil {
		return fail(Unreachable, "CA at %s does not answer; %s: %w", c.base, c.hint, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return fail(Unreachable, "the answer of the CA at %s broke off: %w", c.base, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var reply struct{ Message string }
		if json.Unmarshal(raw, &reply) != nil || reply.Message == "" {
			reply.Message = "no reason given"
		}
		return fail(Refused, "CA at %s refused %s: %s: %s", c.base, path, resp.Status, reply.Message)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fail(Refused, "CA at %s answered %s with something else than step-ca does: %w", c.base, path, err)
	}
	return nil
}
