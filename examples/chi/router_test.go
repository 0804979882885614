// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package chi

import (
	"net/http/httptest"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
)

func TestRouter(t *testing.T) {
	ca := stapledtest.NewCA(t)
	g, err := gateway.New(gateway.Config{Verifier: ca.Verifier("orders")})
	if err != nil {
		t.Fatal(err)
	}
	router := Router(g)
	for _, row := range []struct {
		caller, method string
		status         int
	}{
		{"https://shop.internal", "GET", 200},
		{"https://shop.internal", "POST", 201},
		{"https://audit.internal", "GET", 200},
		{"https://audit.internal", "POST", 403},
		{"", "POST", 401},
	} {
		r := httptest.NewRequest(row.method, "/orders", nil)
		if row.caller != "" {
			r.Header.Set("Authorization", "Bearer "+ca.Token(ca.Identity(row.caller), issuer.Claims{Audience: []string{"orders"}}))
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s by %q: %d, want %d", row.method, row.caller, w.Code, row.status)
		}
	}
}
