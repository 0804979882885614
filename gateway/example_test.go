// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func newExampleGateway() *gateway.Gateway {
	anchors, err := certs.LoadAnchors("root_ca.crt")
	if err != nil {
		log.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{Verifier: v, Logger: slog.Default()})
	if err != nil {
		log.Fatal(err)
	}
	return g
}

// A handler behind the middleware finds the accepted token in its context.
func ExampleGateway_Wrap() {
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := gateway.FromContext(r.Context())
		fmt.Fprintf(w, "hello, %s\n", token.Identity())
	})
	server := &http.Server{
		Addr:              "127.0.0.1:8080",
		Handler:           newExampleGateway().Wrap(orders),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

// tokenOf returns an accepted token with this sub.
func tokenOf(subject string) verifier.Token { return newToken("sub", subject) }

// A unit test of a handler needs no gateway: it puts a token of its choice into
// the context.
func ExampleNewContext() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		token, ok := gateway.FromContext(r.Context())
		if !ok || token.Subject() != "alice" {
			http.Error(w, "for alice only", http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, "hello, %s at %s\n", token.Subject(), token.Identity())
	}

	for _, subject := range []string{"alice", "bob"} {
		r := httptest.NewRequest("GET", "/", nil)
		r = r.WithContext(gateway.NewContext(r.Context(), tokenOf(subject)))
		w := httptest.NewRecorder()
		handler(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 hello, alice at spiffe://test.example/client
	// 403 for alice only
}

// A reverse proxy tells an upstream who is calling, in headers that no client
// can set.
func ExampleNewProxy() {
	upstream, err := url.Parse("http://127.0.0.1:9090")
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{Upstream: upstream, Logger: slog.Default()})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              "127.0.0.1:8080",
		Handler:           http.MaxBytesHandler(newExampleGateway().Wrap(proxy), 10<<20), // a longer body is 413
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
