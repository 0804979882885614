// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"

	"github.com/stapledjwt/stapled/ca/responder"
	"golang.org/x/crypto/ocsp"
)

// Status asks the responder what it says of a serial number: Unknown, the zero
// value, where the CA has not issued it. It takes a client of [NewClient], which
// knows the responder.
func (c *Client) Status(ctx context.Context, serial *big.Int) (responder.Status, error) {
	if c.ocspURL == "" {
		return responder.Status{}, fail(Misconfigured, "the client knows no OCSP responder")
	}
	issuer := c.intermediate
	if serial.Cmp(issuer.SerialNumber) == 0 {
		issuer = c.root
	}
	// The certificate itself may be unknown. CreateRequest takes the serial number
	// of it and nothing else.
	question, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: serial}, issuer, &ocsp.RequestOptions{Hash: crypto.SHA256})
	if err != nil {
		return responder.Status{}, fail(Failed, "make the OCSP request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.ocspURL, bytes.NewReader(question))
	if err != nil {
		return responder.Status{}, fail(Failed, "make the OCSP request: %w", err)
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := c.http.Do(req)
	if err != nil {
		return responder.Status{}, fail(Unreachable, "the OCSP responder at %s does not answer; %s: %w", c.ocspURL, c.hint, err)
	}
	defer resp.Body.Close()
	der, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return responder.Status{}, fail(Unreachable, "the answer of the OCSP responder at %s broke off: %w", c.ocspURL, err)
	}
	answer, err := ocsp.ParseResponse(der, issuer)
	if err != nil {
		return responder.Status{}, fail(Refused, "the OCSP responder at %s: %w", c.ocspURL, err)
	}
	if answer.SerialNumber.Cmp(serial) != 0 {
		return responder.Status{}, fail(Refused, "the OCSP responder at %s answers about another certificate", c.ocspURL)
	}
	switch answer.Status {
	case ocsp.Good:
		return responder.Status{Code: responder.Good}, nil
	case ocsp.Revoked:
		return responder.Status{Code: responder.Revoked, RevokedAt: answer.RevokedAt, Reason: answer.RevocationReason}, nil
	}
	return responder.Status{}, nil
}
