// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"math/big"
	"testing"

	"github.com/stapledjwt/stapled/ca/responder"
	"golang.org/x/crypto/ocsp"
)

func TestClientStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := run(t, newCA(t), Config{})
	client, err := NewClient(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	id, err := client.Enrol(ctx, EnrolRequest{Name: "status.internal"})
	if err != nil {
		t.Fatal(err)
	}
	serial := id.Leaf().SerialNumber
	want := func(name string, serial *big.Int, code responder.Code, reason int) {
		t.Helper()
		st, err := client.Status(ctx, serial)
		if err != nil || st.Code != code || st.Reason != reason || st.RevokedAt.IsZero() != (code != responder.Revoked) {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
	want("never issued", big.NewInt(4711), responder.Unknown, 0)
	want("issued", serial, responder.Good, 0)
	want("the intermediate", c.Intermediate().SerialNumber, responder.Good, 0)
	must(t, client.Revoke(ctx, serial.String(), ocsp.KeyCompromise, ""))
	want("revoked", serial, responder.Revoked, ocsp.KeyCompromise)

	remote, err := NewRemoteClient(ClientConfig{URL: c.URL(), Root: c.Root()})
	must(t, err)
	if _, err := remote.Status(ctx, serial); !errors.Is(err, Misconfigured) {
		t.Errorf("a client that knows no responder: %v", err)
	}
	must(t, c.Close())
	if _, err := client.Status(ctx, serial); !errors.Is(err, Unreachable) {
		t.Errorf("nobody answers: %v", err)
	}
}
