// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package echo is the service that the local stack and the demo protect.
package echo

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// Handler is the service that `stapled up` protects: it tells callers who they
// are.
type Handler struct{}

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
func (Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := gateway.FromContext(r.Context())
	if !ok {
		// Only a mistake in this program leads here: the gateway is missing.
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
	// If this fails, the client has gone.
	_ = json.NewEncoder(w).Encode(reply)
}
