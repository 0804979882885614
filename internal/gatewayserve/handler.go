// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"net/http"
	"net/netip"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/extauthz"
)

// handle makes the handler of each front.
func (s *Server) handle(g *generation) (err error) {
	for _, f := range g.cfg.Fronts {
		var h http.Handler
		authz := extauthz.Config{Gateway: g.gateway, IdentityHeaders: g.cfg.IdentityHeaders, PathPrefix: f.PathPrefix}
		switch f.Kind {
		case ProxyFront:
			h = g.gateway.Wrap(http.HandlerFunc(g.forward))
		case ForwardAuth:
			h, err = gateway.NewForwardAuth(gateway.ForwardAuthConfig{
				Gateway: g.gateway, FrontProxies: g.cfg.FrontProxies.forQuestions(), IdentityHeaders: g.cfg.IdentityHeaders,
			})
		case ExtAuthz:
			h, err = extauthz.NewHandler(authz)
		case ExtAuthzGRPC:
			authz.PathPrefix, authz.PeerCertificate = "", true
			g.authz, err = extauthz.NewServer(authz)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.at, err)
		}
		g.handlers[f.Kind] = h
	}
	return nil
}

// forProxy says whose headers count at the proxy.
func (p FrontProxies) forProxy() gateway.FrontProxies {
	return gateway.FrontProxies{Networks: p.Trusted, UnixSockets: p.UnixSockets, Forwarded: p.Forwarded, ClientCertificate: p.ClientCertificate}
}

// loopback are the addresses of this machine.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// forQuestions says who may ask at forward_auth: without a list, this machine.
// Everybody who can open a unix socket may ask there; its directory says who
// that is.
func (p FrontProxies) forQuestions() gateway.FrontProxies {
	f := gateway.FrontProxies{Networks: p.Trusted, UnixSockets: true, ClientCertificate: p.ClientCertificate}
	if len(f.Networks) == 0 {
		f.Networks = loopback
	}
	return f
}

// forward sends an accepted request to the upstream of its route.
func (g *generation) forward(w http.ResponseWriter, r *http.Request) {
	grant, _ := gateway.GrantFromContext(r.Context())
	u := g.upstreams[grant.Route()]
	if u == nil { // there is one for each route of a proxy
		text(w, http.StatusBadGateway, "bad gateway")
		return
	}
	u.ServeHTTP(w, r)
}

// serve answers a request at a front. One generation decides and forwards it.
func (s *Server) serve(kind Kind, w http.ResponseWriter, r *http.Request) {
	g := s.current.Load()
	id := g.cfg.FrontProxies.requestID(r)
	r.Header[requestIDHeader] = []string{id}
	w.Header()[requestIDHeader] = []string{id}
	if s.access == nil {
		g.handlers[kind].ServeHTTP(w, r)
		return
	}
	line := s.access.begin(kind, id)
	answer := &seen{ResponseWriter: w}
	defer func() { line.end(answer.status, answer.bytes, r) }()
	g.handlers[kind].ServeHTTP(answer, r.WithContext(gateway.WithObserver(r.Context(), line)))
}
