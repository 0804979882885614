// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stapledjwt/stapled/gateway/prom"
	"github.com/stapledjwt/stapled/responder"
)

// metrics counts a stack's events for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	gateway  *prom.Metrics
	ocsp     *prometheus.CounterVec
}

func newMetrics() (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		ocsp: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_ocsp_requests_total",
			Help: "Requests that the OCSP responder has answered, by outcome.",
		}, []string{"outcome"}),
	}
	for _, outcome := range responder.Outcomes() {
		m.ocsp.WithLabelValues(string(outcome))
	}
	var err error
	if m.gateway, err = prom.New(m.registry); err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{
		m.ocsp, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics: %w", err)
		}
	}
	return m, nil
}

// Observe implements responder.Observer.
func (m *metrics) Observe(e responder.Event) { m.ocsp.WithLabelValues(string(e.Outcome)).Inc() }

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}
