// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
)

const (
	timeout = 30 * time.Second
	// maxReply limits an answer; maxCRL fits a list of a million revocations.
	maxReply = 1 << 20
	maxCRL   = 64 << 20
)

// trusting returns a configuration that trusts only the CA's root.
func trusting(root *x509.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func newHTTPClient(cfg *tls.Config) *http.Client {
	return &http.Client{
		Timeout: timeout,
		// Not HTTP/2: a Go server that shuts down keeps each idle HTTP/2
		// connection for a second, and HTTP/2 saves nothing for a handful of
		// requests.
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg, IdleConnTimeout: time.Minute},
		// step-ca never redirects, and a one-time token is only for it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// as returns an HTTP client with the certificate of an identity.
func (c *Client) as(id *certs.Identity) *http.Client {
	certificate := &tls.Certificate{PrivateKey: id.Key, Leaf: id.Leaf()}
	for _, cert := range id.Chain {
		certificate.Certificate = append(certificate.Certificate, cert.Raw)
	}
	cfg := trusting(c.cfg.Root)
	// Not Certificates: Go withholds those whose issuer the server does not
	// announce, and the resulting error would be misleading.
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	return newHTTPClient(cfg)
}

// An exchange is one request to the CA.
type exchange struct {
	client       *http.Client
	method, path string
	in           any // encoded as JSON, unless nil
	limit        int64
	header       *http.Header // set to that of the answer, unless nil
}

func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.json(ctx, exchange{client: c.http, method: http.MethodGet, path: path, limit: maxReply}, out)
}

func (c *Client) post(ctx context.Context, client *http.Client, path string, in, out any) error {
	return c.json(ctx, exchange{client: client, method: http.MethodPost, path: path, in: in, limit: maxReply}, out)
}

func (c *Client) json(ctx context.Context, x exchange, out any) error {
	raw, err := c.do(ctx, x)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		if ctx.Err() != nil { // what was received in time may be empty
			return c.unanswered(ctx, "CA at "+c.base.String(), err)
		}
		return stapled.Errorf(stapled.Refused, "CA at %s answered %s in a way that step-ca does not: %w", c.base, x.path, err)
	}
	return nil
}

// do returns the body of a successful answer.
func (c *Client) do(ctx context.Context, x exchange) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	var body io.Reader = http.NoBody
	if x.in != nil {
		raw, err := json.Marshal(x.in)
		if err != nil {
			return nil, stapled.Errorf(stapled.Failed, "encode the request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	// path may have a query, which JoinPath would escape.
	req, err := http.NewRequestWithContext(ctx, x.method, strings.TrimSuffix(c.base.String(), "/")+x.path, body)
	if err != nil {
		return nil, stapled.Errorf(stapled.Failed, "make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(req)
	if err != nil {
		return nil, c.unanswered(ctx, "CA at "+c.base.String(), err)
	}
	defer resp.Body.Close()
	if x.header != nil {
		*x.header = resp.Header
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, x.limit+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, c.unanswered(ctx, "CA at "+c.base.String(), err)
	case err != nil:
		return nil, stapled.Errorf(stapled.Unreachable, "the answer of the CA at %s broke off: %w", c.base, err)
	case int64(len(raw)) > x.limit:
		return nil, stapled.Errorf(stapled.Refused, "CA at %s answered %s with more than %d bytes", c.base, x.path, x.limit)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, stapled.Errorf(stapled.Refused, "CA at %s refused %s: %w", c.base, x.path, newRefusal(resp, raw))
	}
	return raw, nil
}

// unanswered says why there is no answer: the caller stopped waiting, or the
// server is not there.
func (c *Client) unanswered(ctx context.Context, server string, err error) error {
	if ctx.Err() != nil {
		return stapled.Errorf(stapled.Canceled, "ask the %s: %w", server, context.Cause(ctx))
	}
	return stapled.Errorf(stapled.Unreachable, "%s does not answer; %s: %w", server, c.cfg.Hint, err)
}

// A refusal is an answer from step-ca with a failure status.
type refusal struct {
	code            int
	status, message string
}

func newRefusal(resp *http.Response, body []byte) *refusal {
	r := &refusal{code: resp.StatusCode, status: resp.Status, message: "no reason given"}
	var reply struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &reply) == nil && reply.Message != "" {
		r.message = reply.Message
	}
	return r
}

func (r *refusal) Error() string { return r.status + ": " + r.message }

// A certificate is PEM in a JSON string.
type certificate struct{ *x509.Certificate }

func (c *certificate) UnmarshalText(text []byte) error {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return errors.New("not one certificate in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	c.Certificate = cert
	return nil
}
