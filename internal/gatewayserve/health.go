// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// Problems says why the gateway should get no requests, one line for each
// reason. None means that it is ready.
func (s *Server) Problems() []string {
	var problems []string
	if s.draining.Load() {
		problems = append(problems, "the gateway is about to end")
	}
	set := s.current.Load().anchors.set
	if set == nil {
		return problems
	}
	now, usable := s.now(), false
	var ended []string
	for _, a := range set.All() {
		// The first ends last.
		if end := a.Certificates()[0].NotAfter; now.After(end) {
			ended = append(ended, fmt.Sprintf("anchor %s ended at %s", a.ID().Subject, timetext.Stamp(end)))
			continue
		}
		usable = true
	}
	if !usable {
		// With one of several, the callers of the others are still let in.
		problems = append(problems, ended...)
	}
	return problems
}

// private is the handler of the address for metrics.
func (s *Server) private() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if problems := s.Problems(); len(problems) > 0 {
			text(w, http.StatusServiceUnavailable, strings.Join(problems, "\n"))
			return
		}
		text(w, http.StatusOK, "ready")
	})
	return mux
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// This fails only if the client has gone.
	_, _ = w.Write([]byte(body + "\n"))
}

// Ready is what the command prints.
type Ready struct {
	Fronts     map[string]string `json:"fronts"`
	MetricsURL string            `json:"metrics_url,omitempty"`
	StatusURL  string            `json:"status_url,omitempty"`
	Routes     []string          `json:"routes"`
}

// Ready returns where the gateway answers, and its routes in order.
func (s *Server) Ready() Ready {
	r := Ready{Fronts: make(map[string]string)}
	for _, f := range s.fronts {
		r.Fronts[string(f.Kind)] = f.url()
	}
	if s.exporter != nil {
		r.MetricsURL = s.exporter.URL() + "/metrics"
	}
	if s.status != nil {
		r.StatusURL = s.status.URL() + "/"
	}
	for _, route := range s.current.Load().cfg.Routes {
		r.Routes = append(r.Routes, route.Name)
	}
	return r
}
