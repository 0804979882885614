// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/stapledjwt/stapled"
)

// Health asks the CA whether it is healthy.
func (c *Client) Health(ctx context.Context) error {
	var reply struct {
		Status string `json:"status"`
	}
	if err := c.get(ctx, "/health", &reply); err != nil {
		return err
	}
	if reply.Status != "ok" {
		return stapled.Errorf(stapled.Refused, "CA at %s says that its status is %q", c.base, reply.Status)
	}
	return nil
}

// Roots returns the root certificates of the CA; several during a change of
// roots. Only the CA vouches for them, which it proves by [Config].Root.
func (c *Client) Roots(ctx context.Context) ([]*x509.Certificate, error) {
	var reply struct {
		Certificates []certificate `json:"crts"`
	}
	if err := c.get(ctx, "/roots", &reply); err != nil {
		return nil, err
	}
	roots := present(reply.Certificates)
	if len(roots) == 0 {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s named no root", c.base)
	}
	return roots, nil
}

// Intermediates returns the certificates with which the CA issues, first the one
// that signs leaves. Only the CA vouches for them, as for its [Client.Roots].
// Old versions of step-ca do not publish them: Refused.
func (c *Client) Intermediates(ctx context.Context) ([]*x509.Certificate, error) {
	var reply struct {
		Certificates []certificate `json:"crts"`
	}
	if err := c.get(ctx, "/intermediates", &reply); err != nil {
		return nil, err
	}
	list := present(reply.Certificates)
	if len(list) == 0 {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s named no intermediate", c.base)
	}
	return list, nil
}

func present(list []certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, cert := range list {
		if cert.Certificate != nil {
			out = append(out, cert.Certificate)
		}
	}
	return out
}

// Clock returns the time that the CA shows, in whole seconds: the Date of an
// answer (RFC 9110 §6.6.1).
func (c *Client) Clock(ctx context.Context) (time.Time, error) {
	var header http.Header
	if _, err := c.do(ctx, exchange{client: c.http, method: http.MethodGet, path: "/health", limit: maxReply, header: &header}); err != nil {
		return time.Time{}, err
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}, stapled.Errorf(stapled.Refused, "CA at %s answered without a Date: %w", c.base, err)
	}
	return date, nil
}

// ErrNoCRL means that the CA publishes no certificate revocation list.
var ErrNoCRL = errors.New("the CA publishes no CRL: set \"crl\": {\"enabled\": true} in ca.json")

// CRL returns the CA's certificate revocation list. It requires "crl":
// {"enabled": true} in ca.json, or else the error is [ErrNoCRL]. The issuer is the
// certificate that issues leaves: CRL refuses a list that it did not sign. CRL
// does not check the age of the list: see its ThisUpdate and NextUpdate.
func (c *Client) CRL(ctx context.Context, issuer *x509.Certificate) (*x509.RevocationList, error) {
	raw, err := c.do(ctx, exchange{client: c.http, method: http.MethodGet, path: "/1.0/crl", limit: maxCRL})
	if said, ok := errors.AsType[*refusal](err); ok && said.code == http.StatusNotFound {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s: %w", c.base, ErrNoCRL)
	} else if ok && said.code >= http.StatusInternalServerError {
		return nil, stapled.Errorf(stapled.Unreachable, "CA at %s cannot give its CRL now: %w", c.base, said)
	}
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(raw)
	if err != nil {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent a CRL that cannot be read: %w", c.base, err)
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent a CRL that %q has not signed: %w", c.base, issuer.Subject, err)
	}
	return list, nil
}

// FetchRoot gets the root certificate with a SHA-256 fingerprint, in
// hexadecimal, from the CA at a URL, as `step ca bootstrap` does. Only the
// fingerprint authenticates the certificate.
func FetchRoot(ctx context.Context, caURL, fingerprint string) (*x509.Certificate, error) {
	base, err := parseURL(caURL)
	if err != nil {
		return nil, err
	}
	want, err := hex.DecodeString(fingerprint)
	if err != nil || len(want) != sha256.Size {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "fingerprint %q is not a SHA-256 hash in hexadecimal", fingerprint)
	}
	// #nosec G402 -- there is no root yet; what is received is compared with the fingerprint
	client := newHTTPClient(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	defer client.CloseIdleConnections()
	c := &Client{cfg: Config{Hint: "is it running, and is this its URL?"}, base: base, http: client}
	var reply struct {
		Root certificate `json:"ca"`
	}
	if err := c.get(ctx, "/root/"+hex.EncodeToString(want), &reply); err != nil {
		return nil, err
	}
	if reply.Root.Certificate == nil {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent no root", base)
	}
	if sum := sha256.Sum256(reply.Root.Raw); hex.EncodeToString(sum[:]) != hex.EncodeToString(want) {
		return nil, stapled.Errorf(stapled.Refused, "CA at %s sent a root with another fingerprint, %x", base, sum)
	}
	return reply.Root.Certificate, nil
}
