// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package prom_test

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/prom"
)

func newMetrics(t *testing.T) (*prom.Metrics, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m, err := prom.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	return m, registry
}

// scrape returns what Prometheus would read: the value of each series.
func scrape(t *testing.T, registry *prometheus.Registry) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	series := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if i := strings.LastIndexByte(line, ' '); !strings.HasPrefix(line, "#") && i >= 0 {
			series[line[:i]] = strings.TrimSpace(line[i+1:])
		}
	}
	return series
}

func check(t *testing.T, series map[string]string, name, want string) {
	t.Helper()
	if got, ok := series[name]; !ok || got != want {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

func total(outcome string, reason stapled.Reason) string {
	return `stapled_verifications_total{outcome="` + outcome + `",reason="` + string(reason) + `"}`
}

const duration = "stapled_verification_duration_seconds"

func TestEverySeriesStartsAtZero(t *testing.T) {
	_, registry := newMetrics(t)
	series := scrape(t, registry)
	check(t, series, total("accepted", ""), "0")
	for _, reason := range gateway.Reasons() {
		check(t, series, total("rejected", reason), "0")
	}
	check(t, series, duration+`_count{outcome="accepted"}`, "0")
	check(t, series, duration+`_count{outcome="rejected"}`, "0")
}

func TestOutcomesAreCounted(t *testing.T) {
	m, registry := newMetrics(t)
	m.Observe(gateway.Event{Outcome: gateway.OutcomeAccepted, Took: 700 * time.Nanosecond})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeAccepted, Took: 80 * time.Microsecond})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: stapled.CertificateRevoked, Took: 80 * time.Microsecond})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: stapled.CredentialsMissing, Took: 0})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: stapled.CredentialsMalformed, Took: 0})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: "made_up", Took: time.Hour})

	series := scrape(t, registry)
	check(t, series, total("accepted", ""), "2")
	check(t, series, total("rejected", stapled.CertificateRevoked), "1")
	check(t, series, total("rejected", stapled.CredentialsMissing), "1")
	check(t, series, total("rejected", stapled.CredentialsMalformed), "1")
	check(t, series, total("rejected", stapled.Unclassified), "1")
	check(t, series, total("rejected", stapled.StapleStale), "0")
	if _, ok := series[total("rejected", "made_up")]; ok {
		t.Error("a made up reason became a series")
	}
	check(t, series, duration+`_bucket{outcome="accepted",le="1e-06"}`, "1")
	check(t, series, duration+`_bucket{outcome="accepted",le="5e-05"}`, "1")
	check(t, series, duration+`_bucket{outcome="accepted",le="0.0001"}`, "2")
	check(t, series, duration+`_count{outcome="rejected"}`, "2")
	check(t, series, duration+`_bucket{outcome="rejected",le="0.05"}`, "1")
}

func TestConcurrentOutcomes(t *testing.T) {
	m, registry := newMetrics(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			m.Observe(gateway.Event{Outcome: gateway.OutcomeAccepted, Took: time.Microsecond})
			m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: stapled.StapleStale, Took: time.Microsecond})
		})
	}
	wg.Wait()
	series := scrape(t, registry)
	check(t, series, total("accepted", ""), "50")
	check(t, series, total("rejected", stapled.StapleStale), "50")
}

func TestNewRefuses(t *testing.T) {
	_, used := newMetrics(t)
	taken := prometheus.NewRegistry()
	taken.MustRegister(prometheus.NewHistogram(prometheus.HistogramOpts{Name: duration, Help: "another"}))
	for _, row := range []struct {
		name       string
		registerer prometheus.Registerer
	}{
		{"no registerer", nil},
		{"registered before", used},
		{"a name is taken", taken},
	} {
		t.Run(row.name, func(t *testing.T) {
			if m, err := prom.New(row.registerer); err == nil || m != nil {
				t.Errorf("got %v, %v; want an error alone", m, err)
			}
		})
	}
	if _, ok := scrape(t, taken)[total("accepted", "")]; ok {
		t.Error("half of the metrics were registered")
	}
}

func TestDecisionsByRoute(t *testing.T) {
	m, registry := newMetrics(t)
	m.Observe(gateway.Event{Route: "orders", Outcome: gateway.OutcomeAccepted, Took: time.Microsecond})
	m.Observe(gateway.Event{Route: "health", Outcome: gateway.OutcomeAccepted}) // open: no token was verified
	m.Observe(gateway.Event{Route: "orders", Outcome: gateway.OutcomeRejected, Reason: stapled.PolicyDenied, Took: time.Microsecond})
	m.Observe(gateway.Event{Route: "orders", Outcome: gateway.OutcomeRejected, Reason: "made_up", Took: time.Microsecond})
	m.Observe(gateway.Event{Outcome: gateway.OutcomeRejected, Reason: stapled.RouteMissing})
	series := scrape(t, registry)
	for labels, want := range map[string]string{
		`outcome="accepted",reason="",route="orders"`:              "1",
		`outcome="accepted",reason="",route="health"`:              "1",
		`outcome="rejected",reason="policy_denied",route="orders"`: "1",
		`outcome="rejected",reason="unclassified",route="orders"`:  "1",
		`outcome="rejected",reason="route_missing",route=""`:       "1",
	} {
		check(t, series, "stapled_gateway_decisions_total{"+labels+"}", want)
	}
	check(t, series, duration+`_count{outcome="accepted"}`, "1")
	check(t, series, duration+`_count{outcome="rejected"}`, "2")
}
