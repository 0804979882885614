// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/x509"
	"math/big"

	"github.com/stapledjwt/stapled/ca/responder"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
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
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: c.ocspURL})
	if err != nil {
		return responder.Status{}, fail(Misconfigured, "%w", err)
	}
	// The certificate itself may be unknown. Of it, a request has the serial number
	// only.
	der, err := fetcher.Fetch(ctx, &x509.Certificate{SerialNumber: serial}, issuer)
	if err != nil {
		return responder.Status{}, fail(Unreachable, "the OCSP responder does not answer; %s: %w", c.hint, err)
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
