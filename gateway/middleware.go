// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Wrap protects a handler, which gets only requests that the policy lets in. It
// finds the token with [FromContext]; at an open route there is none. Like
// http.Handle, Wrap panics if the handler is nil.
func (g *Gateway) Wrap(next http.Handler) http.Handler {
	if next == nil {
		panic("gateway: Wrap of a nil handler")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := decision{gateway: g, request: g.requestOf(r)}
		grant, refusal := d.run(r.Context())
		if refusal != nil {
			refuse(w, refusal)
			return
		}
		p := &passage{gateway: g, grant: grant, request: d.request, path: d.path}
		next.ServeHTTP(w, r.WithContext(newPassageContext(r.Context(), p)))
	})
}

// requestOf returns the values of a net/http request.
func (g *Gateway) requestOf(r *http.Request) Request {
	request := plainRequest(r, g.TokenHeader())
	if !g.fronts.isZero() {
		g.fronts.apply(&request, r)
	}
	return request
}

// plainRequest returns the values of a net/http request, without believing
// anybody's headers about it.
func plainRequest(r *http.Request, tokenHeader string) Request {
	request := Request{
		Credentials: r.Header[tokenHeader],
		Method:      r.Method,
		Preflight:   isPreflight(r.Method, r.Header),
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

// isPreflight reports a CORS preflight (the Fetch standard, §3.3).
func isPreflight(method string, h http.Header) bool {
	return method == http.MethodOptions && len(h["Origin"]) > 0 && len(h["Access-Control-Request-Method"]) > 0
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
