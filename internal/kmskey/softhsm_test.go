// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build softhsm

package kmskey

import (
	"context"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/responder"
)

// TestServeFromToken is the responder of scripts/interop-softhsm.sh, until
// SIGTERM: it signs with the key in a token.
func TestServeFromToken(t *testing.T) {
	key, err := Open(t.Context(), os.Getenv("STAPLED_TEST_KEY"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	load := func(name string) *certs.Identity {
		chain, err := certs.LoadChain(os.Getenv(name))
		if err != nil {
			t.Fatal(err)
		}
		return &certs.Identity{Chain: chain}
	}
	good := load("STAPLED_TEST_LEAF").Leaf().SerialNumber
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
		Certificate: load("STAPLED_TEST_ISSUER").Leaf(), Signer: key, SignerCertificate: load("STAPLED_TEST_CERT").Leaf(),
		Source: responder.SourceFunc(func(_ context.Context, serial *big.Int) (responder.Status, error) {
			if serial.Cmp(good) == 0 {
				return responder.Status{Code: responder.Good}, nil
			}
			return responder.Status{Code: responder.Revoked, RevokedAt: time.Now().Add(-time.Hour)}, nil
		}),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := certs.WriteFile(os.Getenv("STAPLED_TEST_URL"), []byte("http://"+listener.Addr().String())); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}
