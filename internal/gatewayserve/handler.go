// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"net/http"
	"net/url"

	"github.com/stapledjwt/stapled/gateway"
)

// handle makes the handler of each front.
func (s *Server) handle(g *generation) error {
	for _, f := range g.cfg.Fronts {
		switch f.Kind {
		case ProxyFront:
			g.handlers[f.Kind] = g.gateway.Wrap(http.HandlerFunc(g.forward))
		case ForwardAuth:
			g.handlers[f.Kind] = standIn(g)
		}
	}
	return nil
}

// serve answers a request at a front.
func (s *Server) serve(kind Kind, w http.ResponseWriter, r *http.Request) {
	s.current.Load().handlers[kind].ServeHTTP(w, r)
}

// forward sends an accepted request to the upstream of its route.
func (g *generation) forward(w http.ResponseWriter, r *http.Request) {
	grant, _ := gateway.GrantFromContext(r.Context())
	u := g.upstreams[grant.Route()]
	if u == nil { // no route, no upstream
		text(w, http.StatusBadGateway, "bad gateway")
		return
	}
	u.ServeHTTP(w, r)
}

// standIn is a forward-auth until package gateway has its own.
func standIn(g *generation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := url.ParseRequestURI(r.Header.Get("X-Forwarded-Uri"))
		if err != nil {
			text(w, http.StatusForbidden, "forbidden")
			return
		}
		grant, refusal := g.gateway.Decide(r.Context(), gateway.Request{
			Credentials: r.Header["Authorization"], Method: r.Header.Get("X-Forwarded-Method"), RemoteAddr: r.RemoteAddr,
			Target: gateway.Target{Scheme: r.Header.Get("X-Forwarded-Proto"), Host: r.Header.Get("X-Forwarded-Host"), Path: u.EscapedPath(), RawQuery: u.RawQuery},
		})
		if refusal != nil {
			if refusal.Challenge != "" {
				w.Header().Set("WWW-Authenticate", refusal.Challenge)
			}
			text(w, refusal.Status, http.StatusText(refusal.Status))
			return
		}
		headers, err := gateway.IdentityHeaders(grant.Token())
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		text(w, http.StatusOK, "ok")
	})
}
