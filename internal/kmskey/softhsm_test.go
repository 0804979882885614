// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build softhsm

package kmskey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
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

// TestShared: what fails to open leaves what is open alone, as a responder needs
// that reloads its configuration.
func TestShared(t *testing.T) {
	first, second := os.Getenv("STAPLED_TEST_KEY"), os.Getenv("STAPLED_TEST_KEY2")
	signs := func(key *Key) {
		t.Helper()
		digest := sha256.Sum256([]byte("a"))
		signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		public, ok := key.Public().(*ecdsa.PublicKey)
		if ok && !ecdsa.VerifyASN1(public, digest[:], signature) {
			t.Error("the signature is wrong")
		}
	}
	open := func(uri string) *Key {
		t.Helper()
		key, err := Open(t.Context(), uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	for range 2 { // the second time everything was closed
		one, two := open(first), open(second)
		signs(one)
		if err := errors.Join(one.Close(), one.Close()); err != nil {
			t.Error(err)
		}
		signs(two)
		for _, row := range []struct{ name, from, to, says string }{
			{"another token", "token=ocsp", "token=none", "another token of the same module"},
			{"another PIN", "pin-source=", "pin-value=1;x=", "restart this process"},
			{"another key", "object=", "object=no", "find the key"},
		} {
			key, err := Open(t.Context(), strings.Replace(first, row.from, row.to, 1), nil)
			if err == nil || key != nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: got %v, %v", row.name, key, err)
			}
			signs(two)
		}
		var signers sync.WaitGroup
		for range 20 {
			signers.Go(func() { signs(two) })
		}
		signers.Wait()
		if err := two.Close(); err != nil {
			t.Error(err)
		}
	}
}
