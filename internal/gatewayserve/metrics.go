// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/prom"
)

// metrics counts what happens.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prom.Metrics
	byRoute   *prometheus.CounterVec
	anchors   *prometheus.GaugeVec
	reloads   *prometheus.CounterVec
	loaded    prometheus.Gauge
	server    *Server

	routes atomic.Pointer[map[string]bool] // those of the current configuration
}

const resultDone, resultFailed = "done", "failed"

func newMetrics(s *Server) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		byRoute: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_gateway_decisions_total",
			Help: "Decisions of the gateway by route, outcome (accepted, rejected), and for rejected requests by reason. The route is empty if none is for the request.",
		}, []string{"route", "outcome", "reason"}),
		anchors: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "stapled_gateway_anchor_not_after_seconds",
			Help: "End of the validity of the longest certificate of each anchor, as a Unix time.",
		}, []string{"anchor", "label"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_gateway_reloads_total",
			Help: "Reloads of the configuration, by result: done or failed.",
		}, []string{"result"}),
		loaded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "stapled_gateway_loaded_seconds",
			Help: "When the configuration in use was loaded, as a Unix time.",
		}),
		server: s,
	}
	for _, r := range []string{resultDone, resultFailed} {
		m.reloads.WithLabelValues(r)
	}
	m.routes.Store(&map[string]bool{})
	var err error
	if m.decisions, err = prom.New(m.registry); err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{
		m.byRoute, m.anchors, m.reloads, m.loaded,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics: %w", err)
		}
	}
	return m, nil
}

// Observe implements gateway.Observer.
func (m *metrics) Observe(e gateway.Event) {
	m.decisions.Observe(e)
	m.byRoute.WithLabelValues(e.Route, string(e.Outcome), string(e.Reason)).Inc()
}

func (m *metrics) reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues(resultFailed).Inc()
		return
	}
	m.reloads.WithLabelValues(resultDone).Inc()
}

// serve makes a generation the one whose anchors are shown. Counters of other
// routes stay.
func (m *metrics) serve(g *generation) {
	m.loaded.Set(float64(m.server.now().Unix()))
	m.anchors.Reset()
	if g.anchors.set == nil {
		return
	}
	for _, a := range g.anchors.set.All() {
		id := a.ID()
		m.anchors.WithLabelValues(id.Subject, id.Label).Set(float64(a.Certificates()[0].NotAfter.Unix()))
	}
}
