// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/stapledjwt/stapled/gateway"
)

// headersToRemove is the header in which an HTTP service names the headers that
// Envoy removes from an accepted request. Envoy does not send it anywhere.
const headersToRemove = "X-Envoy-Auth-Headers-To-Remove"

// NewHandler returns the HTTP service, or an error if the configuration is
// invalid. Envoy sends the method and the path of the request, behind its
// path_prefix, as well as Host and Authorization. By default it sends no other
// header, so a preflight cannot be recognized without Origin and
// Access-Control-Request-Method in allowed_headers.
//
// Exactly 200 lets a request pass. A refused request gets the answer of
// [gateway.Gateway.Wrap], which Envoy sends to the client.
func NewHandler(cfg Config) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := checkPrefix(cfg.PathPrefix); err != nil {
		return nil, err
	}
	identity := newIdentity(cfg)
	decide := cfg.Gateway.Wrap(http.HandlerFunc(identity.answer))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original, ok := withoutPrefix(r, cfg.PathPrefix)
		if !ok {
			forbid(w)
			return
		}
		decide.ServeHTTP(w, original)
	}), nil
}

// answer lets an accepted request pass.
func (i *identity) answer(w http.ResponseWriter, r *http.Request) {
	grant, _ := gateway.GrantFromContext(r.Context()) // Wrap has put it there
	values, err := i.config.IdentityHeaders.Values(grant)
	if err != nil {
		forbid(w)
		return
	}
	h := w.Header()
	for name, value := range values {
		h[name] = []string{value}
	}
	h.Set(headersToRemove, strings.Join(i.remove(maps.Keys(r.Header)), ", "))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// withoutPrefix returns the request as the client sent it to Envoy. The prefix
// ends at a segment, byte for byte. The connection is Envoy's, so neither its
// certificate nor its encryption is the client's.
func withoutPrefix(r *http.Request, prefix string) (*http.Request, bool) {
	original := r.WithContext(r.Context())
	original.TLS = nil
	if prefix == "" {
		// An absolute target has a host of its own, which is not the client's.
		return original, strings.HasPrefix(r.RequestURI, "/")
	}
	target, ok := strings.CutPrefix(r.RequestURI, prefix)
	if !ok || !strings.HasPrefix(target, "/") {
		return nil, false
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, false
	}
	original.URL, original.RequestURI = u, target
	return original, true
}

// forbid refuses a request that Envoy did not ask about.
func forbid(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte("forbidden\n")) // a client that is gone needs no answer
}
