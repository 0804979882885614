// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// New refuses a configuration that would accept forgeries. The rows are named
// for the forgeries that it would let in.
func TestForgeriesOfConfigs(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
	}{
		{"T05 no anchors", func(cfg *Config) { cfg.Anchors = nil }},
		{"T13 no audience", func(cfg *Config) { cfg.Audience = "" }},
		{"T12 an empty issuer", func(cfg *Config) { cfg.Issuers = []string{"spiffe://test.example/client", ""} }},
		{"T12 no issuers", func(cfg *Config) { cfg.Issuers = []string{} }},
		{"T01 no algorithms", func(cfg *Config) { cfg.Algorithms = []string{} }},
		{"T14 a leeway of more than ten minutes", func(cfg *Config) { cfg.Leeway = 10*time.Minute + 1 }},
		{"T01 alg none", func(cfg *Config) { cfg.Algorithms = []string{string(jose.ES256), "none"} }},
		{"T01 a symmetric alg", func(cfg *Config) { cfg.Algorithms = []string{string(jose.HS256)} }},
		{"T01 an empty alg", func(cfg *Config) { cfg.Algorithms = []string{""} }},
		{"T14 a negative lifetime", func(cfg *Config) { cfg.MaxLifetime = -time.Second }},
		{"T14 a negative leeway", func(cfg *Config) { cfg.Leeway = -time.Second }},
		{"S19 a negative age", func(cfg *Config) { cfg.MaxStapleAge = -time.Second }},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) {
			cfg := theWorld().config(&clock{testca.Now})
			c.change(&cfg)
			if v, err := New(cfg); err == nil || v != nil {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
}

// Omitted fields take safe defaults: none of these forgeries gets in when the
// field is zero.
func TestForgeriesOfDefaultConfigs(t *testing.T) {
	w := theWorld()
	cfg := Config{Anchors: w.anchors, Audience: "orders", Now: (&clock{testca.Now}).read, KeyUsage: x509.ExtKeyUsageAny}
	v := newVerifier(t, cfg)
	mustAccept(t, v, w.leaf.Token())
	for _, c := range []struct {
		name string
		raw  string
		want stapled.Reason
	}{
		{"T10 typ", w.leaf.Token(func(t *testca.Token) { t.Header.Set("typ", "") }), stapled.TypeRejected},
		{"T05 key usage", w.intermediate.Leaf(uses(x509.ExtKeyUsageAny)).Token(), stapled.KeyUsage},
		{"T05 another key usage", w.intermediate.Leaf(uses(x509.ExtKeyUsageServerAuth)).Token(), stapled.KeyUsage},
		{"T14 lifetime", w.leaf.Token(func(t *testca.Token) { t.Claims.Set("exp", unix(time.Hour+time.Second)) }), stapled.ClaimsInvalid},
		{"T14 leeway", w.leaf.Token(func(t *testca.Token) { t.Claims.Set("nbf", unix(61*time.Second)) }), stapled.TokenNotYetValid},
	} {
		t.Run(unsafeName.ReplaceAllString(c.name, "_"), func(t *testing.T) { mustReject(t, v, c.raw, c.want) })
	}
}

// uses gives a certificate one extended key usage.
func uses(usage x509.ExtKeyUsage) testca.Edit {
	return func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{usage} }
}

// A Verifier that New did not make accepts nothing.
func TestForgeriesAtTheZeroVerifier(t *testing.T) {
	var v Verifier
	mustReject(t, &v, theWorld().leaf.Token(), stapled.ConfigInvalid)
	mustReject(t, &v, "", stapled.ConfigInvalid)
}

// New reads a configuration once: changing it later has no effect.
func TestConfigIsCopied(t *testing.T) {
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.Issuers = []string{"spiffe://test.example/other"}
	cfg.Algorithms = []string{string(jose.ES384)}
	v := newVerifier(t, cfg)
	mustReject(t, v, w.leaf.Token(), stapled.AlgorithmRejected)
	cfg.Algorithms[0] = string(jose.ES256)
	mustReject(t, v, w.leaf.Token(), stapled.AlgorithmRejected)

	cfg.Algorithms = nil
	v = newVerifier(t, cfg)
	mustReject(t, v, w.leaf.Token(), stapled.IssuerMismatch)
	cfg.Issuers[0] = "spiffe://test.example/client"
	mustReject(t, v, w.leaf.Token(), stapled.IssuerMismatch)
}
