// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Wrap protects a handler, which gets only requests with an accepted token and
// finds the token with [FromContext]. Like http.Handle, Wrap panics if the
// handler is nil.
func (g *Gateway) Wrap(next http.Handler) http.Handler {
	if next == nil {
		panic("gateway: Wrap of a nil handler")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant, refusal := g.Decide(r.Context(), g.requestOf(r))
		if refusal != nil {
			refuse(w, refusal)
			return
		}
		next.ServeHTTP(w, r.WithContext(newGrantContext(r.Context(), grant)))
	})
}

// requestOf returns the values of a net/http request.
func (g *Gateway) requestOf(r *http.Request) Request {
	request := Request{
		Credentials: r.Header[cmp.Or(g.tokenHeader, "Authorization")],
		Method:      r.Method,
		Preflight:   r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header["Access-Control-Request-Method"]) > 0,
		Target:      Target{Scheme: "http", Host: r.Host, Path: r.URL.RawPath, RawQuery: r.URL.RawQuery},
		RemoteAddr:  r.RemoteAddr,
	}
	if request.Target.Path == "" { // the usual encoding of r.URL.Path is what was sent
		request.Target.Path = r.URL.EscapedPath()
	}
	if r.TLS != nil {
		request.Target.Scheme = "https"
		if len(r.TLS.PeerCertificates) > 0 {
			request.Peer = r.TLS.PeerCertificates[0]
		}
	}
	return request
}

// refuse writes the answer to a refused request. It contains only the status
// and the challenge.
func refuse(w http.ResponseWriter, refusal *Refusal) {
	if refusal.Challenge != "" {
		w.Header().Set("WWW-Authenticate", refusal.Challenge)
	}
	plain(w, refusal.Status, strings.ToLower(http.StatusText(refusal.Status))+"\n")
}

// plain writes a fixed answer that caches must not keep.
func plain(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, body) // a client that is gone needs no answer
}
