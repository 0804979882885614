// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
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
	want("the intermediate", c.intermediate.SerialNumber, responder.Good, 0)
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

// What does not prove itself says nothing, whoever answers on the responder's
// address.
func TestClientStatusOfForgeries(t *testing.T) {
	t.Parallel()
	var answer []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(answer)
	}))
	defer server.Close()
	issuer := testca.New().Intermediate()
	leaf := issuer.Leaf(testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	sibling := leaf.Issuer.Leaf(testca.Named("sibling"))
	client := &Client{ocspURL: server.URL, issuers: []*x509.Certificate{issuer.Cert, issuer.Issuer.Cert}, root: issuer.Issuer.Cert}
	staple := func(party *testca.Party, age time.Duration, status testca.CertStatus, edits ...func(*testca.Response)) []byte {
		return party.Staple(append(edits, func(r *testca.Response) {
			at := time.Now().Add(-age).Truncate(time.Second)
			r.ProducedAt, r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = at, at, at.Add(time.Minute)
			r.Singles[0].Status = status
		})...)
	}
	for _, row := range []struct {
		name   string
		answer []byte
		code   responder.Code
		says   string // "" for no error
	}{
		{"good", staple(leaf, 0, testca.Good), responder.Good, ""},
		{"revoked", staple(leaf, 0, testca.Revoked), responder.Revoked, ""},
		{"unknown", staple(leaf, 0, testca.Unknown), responder.Unknown, ""},
		{"revoked, an hour ago", staple(leaf, time.Hour, testca.Revoked), responder.Revoked, ""},
		{"good, an hour ago", staple(leaf, time.Hour, testca.Good), responder.Unknown, "staple_stale"},
		{"signed by another certificate of the CA", staple(leaf, 0, testca.Good, testca.SignedBy(sibling, sibling.Cert)), responder.Unknown, "staple_untrusted"},
		{"about another certificate", staple(sibling, 0, testca.Good), responder.Unknown, "staple_mismatch"},
		{"nothing that is a response", []byte("good"), responder.Unknown, "staple_malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer = row.answer
			st, err := client.Status(t.Context(), leaf.Cert.SerialNumber)
			if st.Code != row.code {
				t.Errorf("status %v, want %v", st.Code, row.code)
			}
			if row.says == "" && err != nil || row.says != "" && (!errors.Is(err, Refused) || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("error %v, want %q", err, row.says)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Status(ctx, leaf.Cert.SerialNumber); !errors.Is(err, context.Canceled) || errors.Is(err, Unreachable) {
		t.Errorf("canceled: %v", err)
	}
}
