// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package prom counts the decisions of a gateway for Prometheus. It is a
// separate package so that embedding the middleware does not pull in
// Prometheus.
package prom

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
)

// Metrics implements gateway.Observer with
//
//	stapled_verifications_total{outcome,reason}
//	stapled_verification_duration_seconds{outcome}
//	stapled_gateway_decisions_total{route,outcome,reason}
//
// Every series of the first two exists from the start with the value 0, so that
// an alert can see the first rejection for a reason as an increase. The third
// has a series for each route, outcome and reason that occurred: routes come
// from the policy, and reasons from gateway.Reasons, so no request makes more. Several gateways in one
// process can share one Metrics.
type Metrics struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	byRoute  *prometheus.CounterVec

	// The series, looked up once.
	acceptedTotal    prometheus.Counter
	rejectedTotal    map[stapled.Reason]prometheus.Counter
	acceptedDuration prometheus.Observer
	rejectedDuration prometheus.Observer
}

var _ gateway.Observer = (*Metrics)(nil)

// New returns registered metrics.
func New(registerer prometheus.Registerer) (*Metrics, error) {
	if registerer == nil {
		return nil, fmt.Errorf("prom: the registerer is nil; give a prometheus.Registry")
	}
	m := &Metrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_verifications_total",
			Help: "Requests by outcome, and for rejected ones by reason.",
		}, []string{"outcome", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "stapled_verification_duration_seconds",
			Help: "How long the verification of a token took.",
			// From a cached token (below 1 µs), to one signature (50 to 100
			// µs), to a whole new chain of RSA or P-521 keys.
			Buckets: []float64{
				1e-6, 2.5e-6, 5e-6, 10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6,
				1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3,
			},
		}, []string{"outcome"}),
		byRoute: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_gateway_decisions_total",
			Help: "Decisions by route, outcome, and for rejected requests by reason. The route is empty if none matched.",
		}, []string{"route", "outcome", "reason"}),
		rejectedTotal: make(map[stapled.Reason]prometheus.Counter),
	}
	accepted, rejected := string(gateway.OutcomeAccepted), string(gateway.OutcomeRejected)
	m.acceptedTotal = m.total.WithLabelValues(accepted, "")
	m.acceptedDuration = m.duration.WithLabelValues(accepted)
	m.rejectedDuration = m.duration.WithLabelValues(rejected)
	for _, reason := range gateway.Reasons() {
		m.rejectedTotal[reason] = m.total.WithLabelValues(rejected, string(reason))
	}
	// As one collector, so that either both are registered or neither.
	if err := registerer.Register(m); err != nil {
		return nil, fmt.Errorf("prom: register the metrics of the gateway: %w", err)
	}
	return m, nil
}

// Observe implements gateway.Observer. To limit the labels, a reason that is
// not among gateway.Reasons counts as stapled.Unclassified.
func (m *Metrics) Observe(e gateway.Event) {
	if m.total == nil { // New did not make it
		return
	}
	if e.Outcome == gateway.OutcomeAccepted {
		m.acceptedTotal.Inc()
		m.byRoute.WithLabelValues(e.Route, string(gateway.OutcomeAccepted), "").Inc()
		// An open route looks at no token.
		if e.Took > 0 {
			m.acceptedDuration.Observe(e.Took.Seconds())
		}
		return
	}
	reason := e.Reason
	counter, ok := m.rejectedTotal[reason]
	if !ok {
		reason = stapled.Unclassified
		counter = m.rejectedTotal[reason]
	}
	counter.Inc()
	m.byRoute.WithLabelValues(e.Route, string(gateway.OutcomeRejected), string(reason)).Inc()
	// If there was nothing to verify, there is no duration either.
	if e.Took > 0 {
		m.rejectedDuration.Observe(e.Took.Seconds())
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	if m.total == nil {
		return
	}
	m.total.Describe(ch)
	m.duration.Describe(ch)
	m.byRoute.Describe(ch)
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	if m.total == nil {
		return
	}
	m.total.Collect(ch)
	m.duration.Collect(ch)
	m.byRoute.Collect(ch)
}
