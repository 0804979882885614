// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package prom

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

// RegisterVerifier registers what a verifier counts. Give it the Stats of a
// verifier, which are those of all its views:
//
//	stapled_verifier_lookups_total{found}: token, header or nothing
//	stapled_verifier_cache_bytes{cache}: tokens, headers or certificates
//	stapled_verifier_cache_evictions_total{cache}
//	stapled_verifier_known_certificates{fact}: revoked or lifted
//	stapled_verifier_known_evictions_total{fact}
func RegisterVerifier(registerer prometheus.Registerer, stats func() verifier.Stats) error {
	if stats == nil {
		return errors.New("prom: stats is nil; give the Stats of a verifier")
	}
	return register(registerer, "verifier", verifierStats(stats))
}

// RegisterAnchors registers the ends of the anchors in use, which a function
// returns; nil are none:
//
//	stapled_gateway_anchor_not_after_timestamp_seconds{anchor,label,key}
//
// The key is the start of the SHA-256 digest of the public key: during a key
// change two anchors have one name.
func RegisterAnchors(registerer prometheus.Registerer, anchors func() *certs.Anchors) error {
	if anchors == nil {
		return errors.New("prom: anchors is nil; give a function that returns the anchors in use")
	}
	return register(registerer, "anchors", anchorEnds(anchors))
}

func register(registerer prometheus.Registerer, what string, c prometheus.Collector) error {
	if registerer == nil {
		return errors.New("prom: the registerer is nil; give a prometheus.Registry")
	}
	if err := registerer.Register(c); err != nil {
		return fmt.Errorf("prom: register the metrics of the %s: %w", what, err)
	}
	return nil
}

var (
	lookups = prometheus.NewDesc("stapled_verifier_lookups_total",
		"Tokens by what was found in the caches: the token (no signature to verify), its header (one), or nothing.", []string{"found"}, nil)
	cacheBytes = prometheus.NewDesc("stapled_verifier_cache_bytes",
		"Memory of each cache.", []string{"cache"}, nil)
	cacheEvictions = prometheus.NewDesc("stapled_verifier_cache_evictions_total",
		"Entries of each cache that made room for others.", []string{"cache"}, nil)
	known = prometheus.NewDesc("stapled_verifier_known_certificates",
		"Certificates known to be revoked or on hold, and CA certificates with a good staple that lifts a hold.", []string{"fact"}, nil)
	knownEvictions = prometheus.NewDesc("stapled_verifier_known_evictions_total",
		"Facts about certificates that were forgotten for lack of room.", []string{"fact"}, nil)
	anchorEnd = prometheus.NewDesc("stapled_gateway_anchor_not_after_timestamp_seconds",
		"End of the certificate of each anchor that ends last, as a Unix time.", []string{"anchor", "label", "key"}, nil)
)

type verifierStats func() verifier.Stats

// Describe implements prometheus.Collector.
func (verifierStats) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{lookups, cacheBytes, cacheEvictions, known, knownEvictions} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (stats verifierStats) Collect(ch chan<- prometheus.Metric) {
	s := stats()
	counter := func(d *prometheus.Desc, n uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
	gauge := func(d *prometheus.Desc, n int, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), label)
	}
	counter(lookups, s.TokenHits, "token")
	counter(lookups, s.HeaderHits, "header")
	counter(lookups, s.Misses, "nothing")
	for _, c := range []struct {
		name string
		verifier.CacheStats
	}{{"tokens", s.Tokens}, {"headers", s.Headers}, {"certificates", s.Certificates}} {
		gauge(cacheBytes, c.Bytes, c.name)
		counter(cacheEvictions, c.Evicted, c.name)
	}
	for _, k := range []struct {
		name string
		verifier.KnownStats
	}{{"revoked", s.Revocations}, {"lifted", s.Lifts}} {
		gauge(known, k.Certificates, k.name)
		counter(knownEvictions, k.Evicted, k.name)
	}
}

type anchorEnds func() *certs.Anchors

// Describe implements prometheus.Collector.
func (anchorEnds) Describe(ch chan<- *prometheus.Desc) { ch <- anchorEnd }

// Collect implements prometheus.Collector.
func (anchors anchorEnds) Collect(ch chan<- prometheus.Metric) {
	set := anchors()
	if set == nil {
		return
	}
	for _, a := range set.All() {
		id := a.ID()
		end := a.Certificates()[0].NotAfter // the first ends last
		ch <- prometheus.MustNewConstMetric(anchorEnd, prometheus.GaugeValue, float64(end.Unix()),
			id.Subject, id.Label, hex.EncodeToString(id.KeyDigest[:4]))
	}
}
