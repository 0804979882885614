// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/service"
	"github.com/stapledjwt/stapled/internal/statuspage"
	"github.com/stapledjwt/stapled/verifier"
)

// listenStatus takes the address of the status page.
func (s *Server) listenStatus(address string) error {
	page, err := statuspage.New(s.seen, s.facts)
	if err != nil {
		return err
	}
	if s.status, err = service.Listen(address, "status"); err != nil {
		return err
	}
	s.status.Handle(page, slog.New(s.requests))
	return nil
}

// loaded remembers the outcome of reading the configuration, for the status page
// and the metrics.
func (s *Server) loaded(err error) {
	now := s.now()
	if err != nil {
		failed := *s.reload.Load()
		failed.Failed, failed.Error = now, err.Error()
		s.reload.Store(&failed)
		return
	}
	s.reload.Store(&statuspage.Reload{Loaded: now})
	s.metrics.serve(now)
}

// unchanged forgets the failure of a reload: the files are those in use again.
func (s *Server) unchanged() {
	s.reload.Store(&statuspage.Reload{Loaded: s.reload.Load().Loaded})
	s.metrics.ok.Set(1)
}

// facts are those of the generation in use.
func (s *Server) facts() statuspage.Facts {
	g := s.current.Load()
	facts := statuspage.Facts{Version: s.version, Started: s.started, Problems: s.Problems(), Reload: *s.reload.Load()}
	for _, r := range g.cfg.Routes {
		facts.Policy = append(facts.Policy, r.policy())
	}
	if g.anchors.set == nil {
		return facts
	}
	for _, a := range g.anchors.set.All() {
		id := a.ID()
		facts.Anchors = append(facts.Anchors, statuspage.Anchor{
			Name: id.Subject, Label: id.Label, Scope: a.Scope(), NotAfter: a.Certificates()[0].NotAfter, // the first ends last
		})
	}
	return facts
}

// policy is the route as the status page shows it.
func (r Route) policy() statuspage.Policy {
	p := statuspage.Policy{
		Name: r.Name, Hosts: r.Hosts, Methods: r.Methods, Path: r.Path, Preflight: r.Preflight,
		Open: r.Open, Audience: r.Audience, Claims: r.Claims, BindTLS: r.BindTLS,
	}
	if r.Prefix != "" {
		p.Path = strings.TrimSuffix(r.Prefix, "/") + "/*"
	}
	if r.Open {
		return p
	}
	// It has been compiled before.
	allow, err := rules(r)
	if err != nil {
		return p
	}
	for _, rule := range allow {
		p.Callers = append(p.Callers, fmt.Sprint(rule))
	}
	return p
}

// anchors returns those in use; nil without any.
func (s *Server) anchors() *certs.Anchors {
	if g := s.current.Load(); g != nil {
		return g.anchors.set
	}
	return nil
}

// stats returns what the verifier of all routes has counted.
func (s *Server) stats() verifier.Stats {
	if g := s.current.Load(); g != nil && g.base != nil {
		return g.base.Stats()
	}
	return verifier.Stats{}
}
