// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/stapledjwt/stapled/responder"
)

// metrics counts what happens. What is only looked at, such as the age of a
// source, is in the gauges.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	answers  *prometheus.CounterVec
	alarms   *prometheus.CounterVec
	sign     *prometheus.HistogramVec
	reloads  *prometheus.CounterVec

	// cas has the metrics of each CA that is served now.
	cas atomic.Pointer[map[*x509.Certificate]*caMetrics]
}

// caMetrics are the metrics of one CA, looked up once.
type caMetrics struct {
	name           string
	requests       map[responder.Outcome]prometheus.Counter
	signed, reused prometheus.Counter
	lost           prometheus.Counter
	sign           prometheus.Observer
}

const (
	signedOrigin, reusedOrigin = "signed", "reused"
	resultDone, resultFailed   = "done", "failed"
)

func newMetrics() (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_ocsp_requests_total",
			Help: "Requests that the OCSP responder has answered, by CA and outcome. The CA is empty if the responder does not answer for it.",
		}, []string{"ca", "outcome"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_ocsp_answers_total",
			Help: "Signed answers (good, revoked, unknown) that the OCSP responder has sent, by CA and origin: signed for the request, or reused from an earlier one.",
		}, []string{"ca", "origin"}),
		alarms: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_ocsp_alarms_total",
			Help: "Requests whose answer was an alarm, by CA and alarm. revocation_lost: a source has taken back a final revocation.",
		}, []string{"ca", "alarm"}),
		sign: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "stapled_ocsp_sign_duration_seconds",
			Help:    "Time that the key of the signer took for one signature, by CA.",
			Buckets: []float64{.00005, .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5, 2},
		}, []string{"ca"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "stapled_ocsp_reloads_total",
			Help: "Reloads of the configuration and replacements of a signer, by result: done or failed.",
		}, []string{"result"}),
	}
	m.cas.Store(&map[*x509.Certificate]*caMetrics{})
	for _, o := range []responder.Outcome{responder.OutcomeMalformed, responder.OutcomeUnauthorized} {
		m.requests.WithLabelValues("", string(o))
	}
	for _, r := range []string{resultDone, resultFailed} {
		m.reloads.WithLabelValues(r)
	}
	return m, m.register(m.requests, m.answers, m.alarms, m.sign, m.reloads,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

func (m *metrics) register(all ...prometheus.Collector) error {
	for _, c := range all {
		if err := m.registry.Register(c); err != nil {
			return fmt.Errorf("register the metrics: %w", err)
		}
	}
	return nil
}

// serve makes these the CAs that are counted. Counters of other CAs stay.
func (m *metrics) serve(authorities []*authority) {
	cas := make(map[*x509.Certificate]*caMetrics)
	for _, a := range authorities {
		c := &caMetrics{
			name:     a.name,
			requests: make(map[responder.Outcome]prometheus.Counter),
			signed:   m.answers.WithLabelValues(a.name, signedOrigin),
			reused:   m.answers.WithLabelValues(a.name, reusedOrigin),
			lost:     m.alarms.WithLabelValues(a.name, string(responder.AlarmRevocationLost)),
			sign:     m.sign.WithLabelValues(a.name),
		}
		for _, o := range responder.Outcomes() {
			if o != responder.OutcomeMalformed && o != responder.OutcomeUnauthorized {
				c.requests[o] = m.requests.WithLabelValues(a.name, string(o))
			}
		}
		cas[a.ca] = c
	}
	m.cas.Store(&cas)
}

// Observe implements responder.Observer.
func (m *metrics) Observe(e responder.Event) {
	c := (*m.cas.Load())[e.CA]
	if c == nil || c.requests[e.Outcome] == nil {
		// Not about a CA, or about one that a reload has just replaced.
		name := ""
		if e.CA != nil {
			name = label(e.CA.Subject.String())
		}
		m.requests.WithLabelValues(name, string(e.Outcome)).Inc()
		return
	}
	c.requests[e.Outcome].Inc()
	switch e.Outcome {
	case responder.OutcomeGood, responder.OutcomeRevoked, responder.OutcomeUnknown:
		if e.Reused {
			c.reused.Inc()
		} else {
			c.signed.Inc()
		}
	}
	switch e.Alarm {
	case "":
	case responder.AlarmRevocationLost:
		c.lost.Inc()
	default:
		m.alarms.WithLabelValues(c.name, string(e.Alarm)).Inc()
	}
}

// took returns what measures the signatures of a CA.
func (m *metrics) took(ca *x509.Certificate) func(time.Duration) {
	return func(d time.Duration) {
		if c := (*m.cas.Load())[ca]; c != nil {
			c.sign.Observe(d.Seconds())
		}
	}
}
