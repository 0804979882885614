// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stapledjwt/stapled/responder"
)

// Problems says why the responder should not be relied on, one line for each
// reason: a signer that has ended or ends soon, a source that gives no answers
// or is older than it may be. None means that it is ready.
func (s *Server) Problems() []string {
	var problems []string
	now := s.now()
	for _, a := range s.current.Load().authorities {
		if p := signerProblem(a.inUse().Leaf(), s.validity(), now); p != "" {
			problems = append(problems, a.name+": signer: "+p)
		}
		if a.signer.problem != nil {
			if p := a.signer.problem(); p != "" {
				problems = append(problems, a.name+": signer: "+p)
			}
		}
		for _, f := range a.feeds {
			if p := f.state().problem(now); p != "" {
				problems = append(problems, a.name+": source "+f.name+": "+p)
			}
		}
	}
	return problems
}

// public is the handler of the responder's address. A request by GET has the
// base64 of a DER sequence as its path, which begins with M: so /healthz and
// /readyz are free. The responder sees all other paths as they are (package
// responder, "Mounting").
func (s *Server) public() http.Handler {
	var ocsp http.Handler = s.responder
	if s.accessLog() {
		ocsp = &accessLog{next: s.responder, log: slog.New(s.requests)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			healthy(w, r)
		case "/readyz":
			// Strangers do not learn why.
			s.ready(w, false)
		default:
			ocsp.ServeHTTP(w, r)
		}
	})
}

// private is the handler of the address for metrics.
func (s *Server) private() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { s.ready(w, true) })
	return mux
}

// healthy says that the process is alive.
func healthy(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") }

func (s *Server) ready(w http.ResponseWriter, why bool) {
	problems := s.Problems()
	switch {
	case len(problems) == 0:
		text(w, http.StatusOK, "ready")
	case why:
		text(w, http.StatusServiceUnavailable, strings.Join(problems, "\n"))
	default:
		text(w, http.StatusServiceUnavailable, "not ready")
	}
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// This fails only if the client has gone.
	_, _ = w.Write([]byte(body + "\n"))
}

// accessLog writes a line for each request, as many as the limits permit.
type accessLog struct {
	next http.Handler
	log  *slog.Logger
}

func (l *accessLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var seen access
	start := time.Now()
	l.next.ServeHTTP(w, r.WithContext(responder.WithObserver(r.Context(), &seen)))
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		client = r.RemoteAddr
	}
	line := []any{"reason", string(seen.event.Outcome), "client", client, "method", r.Method, "took", time.Since(start)}
	if seen.event.Outcome == "" {
		line[1] = "not_ocsp"
	}
	if seen.event.CA != nil {
		line = append(line, "issuer", seen.event.CA.Subject.String(), "serial", "0x"+seen.event.Serial.Text(16), "reused", seen.event.Reused)
	}
	l.log.InfoContext(r.Context(), "OCSP request", line...)
}

// access is what happened to one request.
type access struct{ event responder.Event }

// Observe implements responder.Observer.
func (a *access) Observe(e responder.Event) { a.event = e }
