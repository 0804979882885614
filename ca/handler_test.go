// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/stepca"
)

// TestHandlersOnly: the CA opens no listener, and serves all the same behind
// servers of the caller's own.
func TestHandlersOnly(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, _ := run(t, dir, Config{HandlersOnly: true})
	if at := c.Addresses(); at != (Addresses{}) {
		t.Errorf("it listens at %+v", at)
	}
	stepCfg, s, err := layout(dir).load()
	must(t, err)
	for _, address := range []string{stepCfg.Address, s.OCSPAddress} {
		l, err := net.Listen("tcp", address) // nobody else does
		must(t, err, l.Close())
	}

	// Not that of httptest, which puts a certificate of its own first.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	api := &http.Server{Handler: c.Handler(), TLSConfig: c.TLSConfig(), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- api.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		must(t, api.Close())
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	responder := httptest.NewServer(c.OCSPHandler())
	t.Cleanup(responder.Close)
	cfg, err := ClientConfig(dir, nil)
	must(t, err)
	cfg.URL, cfg.OCSPURL = "https://"+l.Addr().String(), responder.URL
	client, err := stepca.New(cfg)
	must(t, err)
	id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	must(t, err)
	id, err = client.Rekey(t.Context(), id)
	must(t, err, client.Revoke(t.Context(), id.Leaf().SerialNumber, ocsp.KeyCompromise, ""))
	answer, err := ask(t, responder.URL, id.Leaf(), c.intermediate, crypto.SHA256)
	must(t, err)
	if answer.Status != ocsp.Revoked {
		t.Errorf("status %d, want revoked", answer.Status)
	}
}
