// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// The reason codes of RFC 5280 §5.3.1 that Revoke mentions. 7 is not assigned.
const (
	unassigned    ocspstaple.CRLReason = 7
	removeFromCRL ocspstaple.CRLReason = 8
	aACompromise  ocspstaple.CRLReason = 10
)

type revokeRequest struct {
	Serial     string `json:"serial"`
	OTT        string `json:"ott"`
	ReasonCode int    `json:"reasonCode"`
	Reason     string `json:"reason"`
	Passive    bool   `json:"passive"`
}

// Revoke makes the CA revoke the certificate with a serial number. The note is
// a text for the CA's records. If the certificate is already revoked, the error
// is [stapled.AlreadyRevoked], and the time and reason stay the same.
// removeFromCRL is not a reason to revoke: it undoes a hold, which OCSP cannot.
//
// step-ca lets callers revoke a serial number that it never issued.
func (c *Client) Revoke(ctx context.Context, serial *big.Int, reason ocspstaple.CRLReason, note string) error {
	if serial == nil || serial.Sign() <= 0 {
		return stapled.Errorf(stapled.ConfigInvalid, "serial number %d is not positive", serial)
	}
	if reason < 0 || reason > aACompromise || reason == unassigned || reason == removeFromCRL {
		return stapled.Errorf(stapled.ConfigInvalid, "revocation reason %d is not one of 0-6, 9, 10 (RFC 5280 §5.3.1)", int(reason))
	}
	const path = "/1.0/revoke"
	ott, err := c.token(ctx, path, serial.String(), nil)
	if err != nil {
		return err
	}
	var reply struct {
		Status string `json:"status"`
	}
	err = c.post(ctx, c.http, path, revokeRequest{
		Serial: serial.String(), OTT: ott, ReasonCode: int(reason), Reason: note, Passive: true,
	}, &reply)
	if isAlreadyRevoked(err, serial) {
		return stapled.Errorf(stapled.AlreadyRevoked, "certificate %#x was revoked before: %w", serial, err)
	}
	return err
}

// isAlreadyRevoked reports whether step-ca says that a certificate is already
// revoked. Its answer is 400 (Bad Request), as for many mistakes, and has no
// code, so the text decides. A test of package ca checks it against the real
// step-ca.
func isAlreadyRevoked(err error, serial *big.Int) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.code == http.StatusBadRequest &&
		strings.Contains(r.message, fmt.Sprintf("certificate with serial number '%s' is already revoked", serial))
}
