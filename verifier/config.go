// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Config is what a verifier holds tokens to. It is read once, by [New].
type Config struct {
	// Anchors are the CA certificates to trust. Required. A token leaves its
	// anchor out (RFC 7515 §4.1.6 would permit it): trust roots, or the
	// intermediates that issue leaves, but not one below the other.
	Anchors *certs.Anchors
	// Audience must be among the values of aud (RFC 7519 §4.1.3). Required.
	Audience string
	// Issuers, if not empty, restricts iss (RFC 7519 §4.1.1) to these exact
	// values. With or without it, iss must name the leaf certificate.
	Issuers []string
	// Type is the typ header parameter (RFC 8725 §3.11). Default [stapled.Type].
	Type string
	// Algorithms restricts alg (RFC 8725 §3.1), by the names of RFC 7518 §3.1 and
	// RFC 8037 §3.1. Default ES256, ES384, ES512, EdDSA, RS256, RS384, RS512,
	// PS256, PS384 and PS512, which also is the most that can be permitted.
	Algorithms []string
	// KeyUsage is the extended key usage that the leaf must list (RFC 5280
	// §4.2.1.12). Default clientAuth; "any" cannot be expressed.
	KeyUsage x509.ExtKeyUsage
	// StapleChain requires a staple for every certificate below the anchor.
	// Default: the leaf only. A staple that is present for another certificate
	// is checked either way.
	StapleChain bool
	// MaxStapleAge bounds the time since the thisUpdate of a staple, whatever
	// its nextUpdate says. Default [stapled.DefaultMaxStapleAge], one hour.
	MaxStapleAge time.Duration
	// MaxLifetime bounds exp - iat. Default
	// [stapled.DefaultMaxLifetime], one hour.
	MaxLifetime time.Duration
	// Leeway is by how much the beginning of a window (nbf, iat, thisUpdate,
	// producedAt) may lie in the future, for clocks that disagree. It never
	// stretches the end of one. 0 means [stapled.DefaultLeeway], one minute;
	// [stapled.NoLeeway] means none.
	Leeway time.Duration
	// Cache bounds what the verifier remembers.
	Cache CacheSizes
	// Now is the clock, read once for each token. Default [time.Now].
	Now func() time.Time
}

// CacheSizes bounds the memory of a verifier's caches, in bytes; by default they
// take up to 80 MiB together. For each, 0 means the default and a negative value
// turns the cache off. No cache changes what is accepted: every hit compares all
// times again.
type CacheSizes struct {
	// Tokens holds accepted tokens: one that is used again costs no signature
	// verification. Default 32 MiB.
	Tokens int
	// Headers holds the headers of accepted tokens: another token with the same
	// header costs one signature verification. Default 32 MiB.
	Headers int
	// Certificates holds certificates that were proven to descend from an
	// anchor: a new staple for a known certificate costs two. Default 16 MiB.
	Certificates int
}

// withDefaults fills in what the caller left out, and refuses what would make
// a verifier unsafe.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Anchors == nil {
		return Config{}, errors.New("Config.Anchors is required: name the CA certificates to trust")
	}
	if cfg.Audience == "" {
		return Config{}, errors.New("Config.Audience is required: a token for somebody else must not be accepted")
	}
	if slices.Contains(cfg.Issuers, "") {
		return Config{}, errors.New("Config.Issuers has an empty value")
	}
	if cfg.Type == "" {
		cfg.Type = stapled.Type
	}
	cfg.Algorithms = slices.Clone(cfg.Algorithms)
	if len(cfg.Algorithms) == 0 {
		for _, alg := range certkey.Algorithms() {
			cfg.Algorithms = append(cfg.Algorithms, string(alg))
		}
	}
	for _, alg := range cfg.Algorithms {
		if _, err := certkey.Hash(jose.SignatureAlgorithm(alg)); err != nil {
			return Config{}, fmt.Errorf("Config.Algorithms: %q: %w", alg, err)
		}
	}
	// The zero value of x509.ExtKeyUsage is "any".
	if cfg.KeyUsage == x509.ExtKeyUsageAny {
		cfg.KeyUsage = x509.ExtKeyUsageClientAuth
	}
	if err := leeway.Check(cfg.Leeway); err != nil {
		return Config{}, fmt.Errorf("Config.Leeway: %w", err)
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		unset time.Duration
	}{
		{"MaxStapleAge", &cfg.MaxStapleAge, stapled.DefaultMaxStapleAge},
		{"MaxLifetime", &cfg.MaxLifetime, stapled.DefaultMaxLifetime},
	} {
		switch {
		case *d.value < 0:
			return Config{}, fmt.Errorf("negative Config.%s: %s", d.name, timetext.Duration(*d.value))
		case *d.value == 0:
			*d.value = d.unset
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Issuers = slices.Clone(cfg.Issuers)
	return cfg, nil
}
