// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/prom"
)

// metrics counts what happens.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prom.Metrics
	reloads   *prometheus.CounterVec
	loaded    prometheus.Gauge
	ok        prometheus.Gauge
	server    *Server
}

const resultDone, resultFailed = "done", "failed"

func newMetrics(s *Server) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_gateway_reloads_total",
			Help: "Reloads of the configuration, by result: done or failed.",
		}, []string{"result"}),
		loaded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "stapled_gateway_loaded_timestamp_seconds",
			Help: "When the configuration in use was loaded, as a Unix time.",
		}),
		ok: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "stapled_gateway_reload_ok",
			Help: "1 if the files of the configuration are in use, 0 if they could not be loaded.",
		}),
		server: s,
	}
	for _, r := range []string{resultDone, resultFailed} {
		m.reloads.WithLabelValues(r)
	}
	var err error
	if m.decisions, err = prom.New(m.registry); err != nil {
		return nil, err
	}
	if err := prom.RegisterVerifier(m.registry, s.stats); err != nil {
		return nil, err
	}
	if err := prom.RegisterAnchors(m.registry, s.anchors); err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{
		m.reloads, m.loaded, m.ok,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics: %w", err)
		}
	}
	return m, nil
}

// Observe implements gateway.Observer, for the status page as well.
func (m *metrics) Observe(e gateway.Event) {
	m.decisions.Observe(e)
	if m.server.seen != nil {
		m.server.seen.Observe(e)
	}
}

func (m *metrics) reloaded(err error) {
	if err != nil {
		m.ok.Set(0)
		m.reloads.WithLabelValues(resultFailed).Inc()
		return
	}
	m.reloads.WithLabelValues(resultDone).Inc()
}

// serve says when the configuration in use was loaded.
func (m *metrics) serve(at time.Time) {
	m.loaded.Set(float64(at.Unix()))
	m.ok.Set(1)
}
