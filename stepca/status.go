// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto/x509"
	"errors"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Status asks the OCSP responder about a serial number. The status is
// [ocspstaple.Unknown] if the CA has not issued it. Only an authentic answer
// counts, and a good one only while it is fresh. Status needs [Config].OCSPURL
// and [Config].Issuers.
func (c *Client) Status(ctx context.Context, serial *big.Int) (*ocspstaple.Staple, error) {
	if c.ocsp == nil || len(c.cfg.Issuers) == 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "the client knows no OCSP responder, or not whose answers it gives: set OCSPURL and Issuers")
	}
	if serial == nil || serial.Sign() <= 0 {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "serial number %d is not positive", serial)
	}
	issuer := c.issuerOf(serial)
	// The certificate itself may be unknown. A request needs only its serial
	// number; an answer also has the name and key of its issuer.
	cert := &x509.Certificate{SerialNumber: serial, RawIssuer: issuer.RawSubject}
	der, err := c.ocsp.Fetch(ctx, stapler.Request{Certificate: cert, Issuer: issuer})
	if errors.Is(err, stapled.ResponderError) && ctx.Err() == nil {
		return nil, stapled.Errorf(stapled.Unreachable, "the OCSP responder cannot answer: %w", err)
	}
	if err != nil {
		return nil, c.unanswered(ctx, "OCSP responder", err)
	}
	now := time.Now()
	answer, err := ocspstaple.Authenticate(der, cert, issuer, now, stapled.DefaultLeeway)
	if err != nil {
		return nil, stapled.Errorf(stapled.Refused, "the OCSP responder at %s: %w", c.cfg.OCSPURL, err)
	}
	if answer.Status() == ocspstaple.Good {
		if err := answer.Check(now, ocspstaple.Freshness{Leeway: stapled.DefaultLeeway}); err != nil {
			return nil, stapled.Errorf(stapled.Refused, "the OCSP responder at %s: %w", c.cfg.OCSPURL, err)
		}
	}
	return answer, nil
}

// issuerOf returns the CA certificate that issued a serial number: for a
// certificate of the CA itself the next one, else the first.
func (c *Client) issuerOf(serial *big.Int) *x509.Certificate {
	issuers := c.cfg.Issuers
	for i, cert := range issuers[:len(issuers)-1] {
		if serial.Cmp(cert.SerialNumber) == 0 {
			return issuers[i+1]
		}
	}
	return issuers[0]
}
