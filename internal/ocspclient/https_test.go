// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspclient

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestHTTPS: a responder whose TLS certificate is trusted answers, and a redirect
// from https to http is not followed.
func TestHTTPS(t *testing.T) {
	response := testca.New().Intermediate().Leaf().Staple()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusPermanentRedirect)
			return
		}
		w.Header().Set("Content-Type", ocspwire.ResponseType)
		_, _ = w.Write(response)
	}))
	defer server.Close()
	client := Client{transport: server.Client().Transport}
	der, _, err := client.Ask(context.Background(), []string{server.URL}, []byte{0})
	if err != nil || !bytes.Equal(der, response) {
		t.Errorf("%v", err)
	}
	_, attempts, err := client.Ask(context.Background(), []string{server.URL + "/down"}, []byte{0})
	if err == nil || !strings.Contains(err.Error(), "redirected from https to http, which is not followed") || attempts[0].Redirects[0].Followed {
		t.Errorf("%v, %+v", err, attempts)
	}
}

// TestExplain: a name that does not resolve is explained without a lookup.
func TestExplain(t *testing.T) {
	err := explain(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "ocsp.example", IsNotFound: true}})
	if !strings.HasSuffix(err.Error(), "no such host: check the name in the URL") {
		t.Error(err)
	}
}
