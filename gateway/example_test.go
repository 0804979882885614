// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/url"

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
		fmt.Fprintf(w, "hello, %s\n", token.Identity)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newExampleGateway().Wrap(orders)))
}

// A reverse proxy tells an upstream who is calling, in headers that no client
// can set.
func ExampleNewProxy() {
	upstream, err := url.Parse("http://127.0.0.1:9090")
	if err != nil {
		log.Fatal(err)
	}
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{Gateway: newExampleGateway(), Upstream: upstream})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", proxy))
}
