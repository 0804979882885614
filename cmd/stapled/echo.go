// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// echo is the service that `stapled up` protects: it tells its caller who the
// caller is.
type echo struct{}

type echoReply struct {
	Method     string          `json:"method"`
	Path       string          `json:"path"`
	Issuer     string          `json:"issuer"`
	Identity   string          `json:"identity"`
	Subject    string          `json:"subject,omitempty"`
	FreshUntil time.Time       `json:"fresh_until"`
	Claims     json.RawMessage `json:"claims"`
}

// ServeHTTP implements http.Handler.
func (echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := gateway.FromContext(r.Context())
	if !ok {
		// Only a mistake in this program gets here: the gateway is missing.
		http.Error(w, "not behind a gateway", http.StatusInternalServerError)
		return
	}
	reply := echoReply{
		Method: r.Method, Path: r.URL.Path,
		Issuer: token.Issuer(), Identity: token.Identity(), Subject: token.Subject(), FreshUntil: token.FreshUntil().UTC(),
	}
	if err := token.Decode(&reply.Claims); err != nil {
		http.Error(w, "the claims are unreadable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// The client has gone if this fails; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(reply)
}
