// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/responder"
)

// Status asks the responder what it says of a serial number: Unknown, the zero
// value, where the CA has not issued it. Only an authentic answer counts, and a
// good one only while it is fresh. It takes a client of [NewClient], which
// knows the responder.
func (c *Client) Status(ctx context.Context, serial *big.Int) (responder.Status, error) {
	if c.ocspURL == "" {
		return responder.Status{}, fail(Misconfigured, "the client knows no OCSP responder")
	}
	issuer := c.issuers[0]
	for i, cert := range c.issuers[:len(c.issuers)-1] {
		if serial.Cmp(cert.SerialNumber) == 0 {
			issuer = c.issuers[i+1]
		}
	}
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: c.ocspURL})
	if err != nil {
		return responder.Status{}, fail(Misconfigured, "%w", err)
	}
	// The certificate itself may be unknown. Of it, a request has the serial number
	// only, and an answer besides the name and key of its issuer.
	cert := &x509.Certificate{SerialNumber: serial, RawIssuer: issuer.RawSubject}
	der, err := fetcher.Fetch(ctx, stapler.Request{Certificate: cert, Issuer: issuer})
	if err != nil && ctx.Err() != nil {
		return responder.Status{}, fail(Failed, "ask the OCSP responder: %w", context.Cause(ctx))
	}
	if errors.Is(err, stapler.ResponderError) {
		return responder.Status{}, fail(Unreachable, "the OCSP responder cannot answer: %w", err)
	}
	if err != nil {
		return responder.Status{}, fail(Unreachable, "the OCSP responder does not answer; %s: %w", c.hint, err)
	}
	now := time.Now()
	answer, err := ocspstaple.Authenticate(der, cert, issuer, now)
	if err != nil {
		return responder.Status{}, fail(Refused, "the OCSP responder at %s: %w", c.ocspURL, err)
	}
	switch answer.Status() {
	case ocspstaple.Good:
		if err := answer.Check(now, ocspstaple.Freshness{Leeway: stapler.DefaultLeeway}); err != nil {
			return responder.Status{}, fail(Refused, "the OCSP responder at %s: %w", c.ocspURL, err)
		}
		return responder.Status{Code: responder.Good}, nil
	case ocspstaple.Revoked:
		return responder.Status{Code: responder.Revoked, RevokedAt: answer.RevokedAt(), Reason: int(answer.RevocationReason())}, nil
	}
	return responder.Status{}, nil
}
