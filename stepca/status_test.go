// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// An answer without proof counts for nothing, no matter who answers at the
// responder's address.
func TestStatusOfForgeries(t *testing.T) {
	var answer []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(answer)
	}))
	defer server.Close()
	issuer := testca.New().Intermediate()
	leaf := issuer.Leaf(testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	sibling := leaf.Issuer.Leaf(testca.Named("sibling"))
	client, err := New(Config{
		URL: "https://127.0.0.1:1", Root: issuer.Issuer.Cert,
		OCSPURL: server.URL, Issuers: []*x509.Certificate{issuer.Cert, issuer.Issuer.Cert},
	})
	if err != nil {
		t.Fatal(err)
	}
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
		status ocspstaple.Status
		refuse stapled.Reason // "" for no error
	}{
		{"good", staple(leaf, 0, testca.Good), ocspstaple.Good, ""},
		{"revoked", staple(leaf, 0, testca.Revoked), ocspstaple.Revoked, ""},
		{"unknown", staple(leaf, 0, testca.Unknown), ocspstaple.Unknown, ""},
		{"revoked, an hour ago", staple(leaf, time.Hour, testca.Revoked), ocspstaple.Revoked, ""},
		{"good, an hour ago", staple(leaf, time.Hour, testca.Good), 0, stapled.StapleStale},
		{"signed by another certificate of the CA", staple(leaf, 0, testca.Good, testca.SignedBy(sibling, sibling.Cert)), 0, stapled.StapleUntrusted},
		{"about another certificate", staple(sibling, 0, testca.Good), 0, stapled.StapleMismatch},
		{"nothing that is a response", []byte("good"), 0, stapled.StapleMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer = row.answer
			st, err := client.Status(t.Context(), leaf.Cert.SerialNumber)
			if row.refuse == "" {
				if err != nil || st.Status() != row.status {
					t.Errorf("got %v, %v, want %v", st, err, row.status)
				}
				return
			}
			if st != nil || !errors.Is(err, stapled.Refused) || !strings.Contains(err.Error(), string(row.refuse)) {
				t.Errorf("got %v, %v, want %v", st, err, row.refuse)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Status(ctx, leaf.Cert.SerialNumber); !errors.Is(err, context.Canceled) || errors.Is(err, stapled.Unreachable) {
		t.Errorf("canceled: %v", err)
	}
	server.Close()
	_, err = client.Status(t.Context(), leaf.Cert.SerialNumber)
	wantOneLine(t, err, stapled.Unreachable, "does not answer")
	remote, err := New(Config{URL: "https://127.0.0.1:1", Root: issuer.Cert})
	if err != nil {
		t.Fatal(err)
	}
	_, err = remote.Status(t.Context(), leaf.Cert.SerialNumber)
	wantOneLine(t, err, stapled.ConfigInvalid, "OCSPURL")
}
