// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package chi shows the gateway's middleware in a chi router. The middleware has
// the type that net/http routers expect, so others look the same.
package chi

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/stapledjwt/stapled/gateway"
)

// Router returns a service in which everybody with an accepted token may read,
// and only the shop may write.
func Router(g *gateway.Gateway) http.Handler {
	r := chi.NewRouter()
	r.Use(g.Wrap)
	r.Get("/orders", func(w http.ResponseWriter, r *http.Request) {
		token, _ := gateway.FromContext(r.Context())
		fmt.Fprintf(w, "hello, %s\n", token.Identity())
	})
	r.With(gateway.Require(gateway.Issuer("https://shop.internal"))).Post("/orders", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
	})
	return r
}
