// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package prom_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway/prom"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

func TestStatsOfTheVerifier(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	ca := stapledtest.NewCA(t)
	v := ca.Verifier("billing")
	if err := prom.RegisterVerifier(registry, v.Stats); err != nil {
		t.Fatal(err)
	}
	series := scrape(t, registry)
	for _, found := range []string{"token", "header", "nothing"} {
		check(t, series, `stapled_verifier_lookups_total{found="`+found+`"}`, "0")
	}
	id := ca.Identity("https://orders.internal")
	raw := ca.Token(id, issuer.Claims{Audience: []string{"billing"}})
	for range 3 {
		if _, err := v.Verify(raw); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Verify(ca.TokenWithStaple(id, ca.Staple(id, stapledtest.Revoked), "billing")); err == nil {
		t.Fatal("a revoked certificate is accepted")
	}
	series = scrape(t, registry)
	check(t, series, `stapled_verifier_lookups_total{found="token"}`, "2")
	check(t, series, `stapled_verifier_lookups_total{found="header"}`, "0")
	check(t, series, `stapled_verifier_lookups_total{found="nothing"}`, "2")
	check(t, series, `stapled_verifier_known_certificates{fact="revoked"}`, "1")
	check(t, series, `stapled_verifier_known_certificates{fact="lifted"}`, "0")
	check(t, series, `stapled_verifier_known_evictions_total{fact="revoked"}`, "0")
	for _, cache := range []string{"tokens", "headers", "certificates"} {
		if size := series[`stapled_verifier_cache_bytes{cache="`+cache+`"}`]; size == "" || size == "0" {
			t.Errorf("the cache of %s has %q bytes", cache, size)
		}
		check(t, series, `stapled_verifier_cache_evictions_total{cache="`+cache+`"}`, "0")
	}
}

// The label key tells anchors of one name apart.
func TestEndsOfAnchors(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	var set *certs.Anchors
	if err := prom.RegisterAnchors(registry, func() *certs.Anchors { return set }); err != nil {
		t.Fatal(err)
	}
	if series := scrape(t, registry); len(series) != 0 {
		t.Errorf("without anchors: %v", series)
	}
	certificates := stapledtest.NewCA(t).Anchors().Certificates()
	set, err := certs.NewScopedAnchors(certs.AnchorConfig{Certificates: certificates, Label: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	id := set.All()[0].ID()
	name := fmt.Sprintf("stapled_gateway_anchor_not_after_timestamp_seconds{anchor=%q,key=%q,label=%q}", id.Subject, hex.EncodeToString(id.KeyDigest[:4]), "mine")
	want := fmt.Sprintf("%g", float64(certificates[0].NotAfter.Unix()))
	check(t, scrape(t, registry), name, want)
}

func TestRegisterRefuses(t *testing.T) {
	stats := func() verifier.Stats { return verifier.Stats{} }
	anchors := func() *certs.Anchors { return nil }
	used := prometheus.NewRegistry()
	for _, err := range []error{prom.RegisterVerifier(used, stats), prom.RegisterAnchors(used, anchors)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"no registerer for a verifier": prom.RegisterVerifier(nil, stats),
		"no verifier":                  prom.RegisterVerifier(prometheus.NewRegistry(), nil),
		"a verifier twice":             prom.RegisterVerifier(used, stats),
		"no registerer for anchors":    prom.RegisterAnchors(nil, anchors),
		"no anchors":                   prom.RegisterAnchors(prometheus.NewRegistry(), nil),
		"anchors twice":                prom.RegisterAnchors(used, anchors),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
