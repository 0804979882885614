// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/extauthz"
	"github.com/stapledjwt/stapled/verifier"
)

// generation is a configuration in use. A request is decided and forwarded by
// one generation, whatever is loaded meanwhile.
type generation struct {
	cfg      Config
	anchors  anchorSet
	base     *verifier.Verifier // behind every view; nil without anchors
	gateway  *gateway.Gateway
	handlers map[Kind]http.Handler
	authz    *extauthz.Server // nil without such a front
	// certificates are those of the fronts with TLS.
	certificates map[Kind]*tls.Certificate
	upstreams    map[string]*upstream // by the name of the route
	warnings     []string
}

// build reads every file of a configuration. Nothing changes for requests.
func (s *Server) build(cfg Config) (_ *generation, err error) {
	g := &generation{cfg: cfg, handlers: make(map[Kind]http.Handler), certificates: make(map[Kind]*tls.Certificate), upstreams: make(map[string]*upstream)}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.anchors, err = loadAnchors(cfg.Anchors); err != nil {
		return nil, cfg.anchorError(err)
	}
	if g.anchors.set != nil {
		g.warnings = g.anchors.set.Warnings()
	}
	g.warnings = append(g.warnings, cfg.warnings()...)
	for _, f := range cfg.Fronts {
		if f.Certificate == "" {
			continue
		}
		pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: tls: %w", f.at, pairError(f, err))
		}
		g.certificates[f.Kind] = &pair
	}
	var routes []gateway.Route
	for _, r := range cfg.Routes {
		route, err := s.route(g, r)
		if err != nil {
			return nil, fmt.Errorf("%s: route %q: %w", r.at, r.Name, err)
		}
		routes = append(routes, route)
	}
	config := gateway.Config{
		Routes: routes, TokenHeader: cfg.TokenHeader, FrontProxies: cfg.FrontProxies.forProxy(), Logger: slog.New(s.requests),
	}
	if s.metrics != nil {
		config.Observer = s.metrics
	}
	if g.gateway, err = gateway.New(config); err != nil {
		return nil, placed(cfg, err)
	}
	return g, s.handle(g)
}

// anchorError says in which line the files are named, and where they are looked
// for.
func (c Config) anchorError(err error) error {
	switch {
	case c.file == "":
		return fmt.Errorf("anchors: %w", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: a file name is relative to the folder of %s", c.anchorsAt, err, c.file)
	}
	return fmt.Errorf("%s: %w", c.anchorsAt, err)
}

// pairError says which file of a TLS server is to blame.
func pairError(f Front, err error) error {
	if _, missing := os.Stat(f.Key); missing != nil {
		return missing
	}
	if _, broken := certs.LoadChain(f.Certificate); broken != nil {
		return broken
	}
	return fmt.Errorf("%s does not go with %s: %w", f.Key, f.Certificate, err)
}

// placed says where the route is that an error of package gateway names first.
func placed(cfg Config, err error) error {
	text := err.Error()
	at, first := "", len(text)
	for _, r := range cfg.Routes {
		if i := strings.Index(text, fmt.Sprintf("route %q", r.Name)); i >= 0 && i < first {
			at, first = r.at, i
		}
	}
	if at == "" {
		return err
	}
	return fmt.Errorf("%s: %s", at, strings.TrimPrefix(text, "gateway: "))
}

// route makes a route of package gateway.
func (s *Server) route(g *generation, r Route) (gateway.Route, error) {
	route := gateway.Route{
		Name: r.Name, Hosts: r.Hosts, Path: r.Path, Prefix: r.Prefix, Methods: r.Methods, Preflight: r.Preflight,
		Open: r.Open, Claims: r.Claims, UnsafeRawPath: r.UnsafeRawPath,
	}
	if r.Upstream != nil {
		u, err := s.openUpstream(g, r)
		if err != nil {
			return gateway.Route{}, err
		}
		g.upstreams[r.Name] = u
	}
	if r.Open {
		return route, nil
	}
	if r.BindTLS {
		route.Bind = gateway.BindTLS
	}
	v, err := s.trust.verifier(g.cfg, g.anchors, s.now, r)
	if err != nil {
		return gateway.Route{}, err
	}
	route.Verifier = v
	route.Allow, err = rules(r)
	return route, err
}

// close ends what belongs to the generation alone. Requests in flight go on.
func (g *generation) close() {
	for _, u := range g.upstreams {
		u.close()
	}
}
