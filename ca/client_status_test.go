// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"math/big"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/stepca"
	"golang.org/x/crypto/ocsp"
)

func TestClientStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := run(t, newCA(t), Config{})
	client := clientOf(t, c.Dir())
	id, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "status.internal"})
	must(t, err)
	serial := id.Leaf().SerialNumber
	want := func(name string, serial *big.Int, status ocspstaple.Status, reason ocspstaple.CRLReason) {
		t.Helper()
		answer, err := client.Status(ctx, serial)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if answer.Status() != status || answer.RevocationReason() != reason || answer.RevokedAt().IsZero() != (status != ocspstaple.Revoked) {
			t.Errorf("%s: %v, %v, %v", name, answer.Status(), answer.RevocationReason(), answer.RevokedAt())
		}
	}
	want("never issued", big.NewInt(4711), ocspstaple.Unknown, 0)
	want("issued", serial, ocspstaple.Good, 0)
	want("the intermediate", c.intermediate.SerialNumber, ocspstaple.Good, 0)
	must(t, client.Revoke(ctx, serial, ocsp.KeyCompromise, ""))
	want("revoked", serial, ocspstaple.Revoked, ocsp.KeyCompromise)
	must(t, c.Close())
	if _, err := client.Status(ctx, serial); !errors.Is(err, stapled.Unreachable) {
		t.Errorf("nobody answers: %v", err)
	}
}
