// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/stapledjwt/stapled/gateway"
)

// exampleVerifier stands for what verifier.New returns.
var exampleVerifier = verifyFunc(acceptAll)

// status returns what a handler answers to a request with an accepted token.
func status(h http.Handler, method, path string) int {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", "Bearer a.b.c")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// Each handler of an http.ServeMux has rules of its own.
func ExampleRequire() {
	g, err := gateway.New(gateway.Config{Verifier: exampleVerifier})
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "done\n") })
	mux := http.NewServeMux()
	mux.Handle("GET /orders", gateway.Require(gateway.Anyone)(orders))
	mux.Handle("POST /orders", gateway.Require(gateway.Issuer("spiffe://test.example/shop"))(orders))
	handler := g.Wrap(mux)

	fmt.Println(status(handler, "GET", "/orders"), status(handler, "POST", "/orders"))
	// Output: 200 403
}

// A policy: preflights and the health check are open, and two services may read
// or write the orders.
func ExampleConfig_routes() {
	shop, audit := gateway.Issuer("spiffe://test.example/client"), gateway.Issuer("spiffe://test.example/audit")
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{
		{Name: "preflight", Prefix: "/", Preflight: true, Open: true},
		{Name: "health", Path: "/healthz", Open: true},
		{Name: "read", Prefix: "/orders", Methods: []string{"GET"}, Verifier: exampleVerifier, Allow: []gateway.Rule{shop, audit}},
		{Name: "write", Prefix: "/orders", Verifier: exampleVerifier, Allow: []gateway.Rule{audit}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	handler := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fmt.Println(status(handler, "GET", "/orders/7"), status(handler, "PUT", "/orders/7"), status(handler, "GET", "/other"))
	fmt.Println(status(handler, "GET", "/orders/../orders"))
	// Output:
	// 200 403 403
	// 400
}

// Another gateway asks about each request before it passes it on.
func ExampleNewForwardAuth() {
	g, err := gateway.New(gateway.Config{Verifier: exampleVerifier})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := gateway.NewForwardAuth(gateway.ForwardAuthConfig{
		Gateway:      g,
		FrontProxies: gateway.FrontProxies{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil) // the question
	for name, value := range map[string]string{
		"X-Forwarded-Method": "GET", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example", "X-Forwarded-Uri": "/orders/7",
		"Authorization": "Bearer a.b.c",
	} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	auth.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header()[gateway.HeaderIssuer], w.Header()[gateway.HeaderSubject])
	// Output: 200 [spiffe://test.example/client] []
}
