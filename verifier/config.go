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

// Config says which tokens a verifier accepts. [New] reads it once.
type Config struct {
	// Anchors are what the verifier trusts. Required. A token usually omits its
	// anchor; if x5c holds one, the path ends below the first.
	Anchors *certs.Anchors
	// Audience must be among the values of aud (RFC 7519 §4.1.3). Required.
	Audience string
	// Issuers restricts iss (RFC 7519 §4.1.1) to these exact values. Default:
	// nil, any. A list that is empty is an error. Either way, iss must name the
	// leaf certificate.
	Issuers []string
	// Type is the expected typ header parameter (RFC 8725 §3.11). Default
	// [stapled.Type].
	Type string
	// Algorithms restricts alg (RFC 8725 §3.1), using the names of RFC 7518
	// §3.1 and RFC 8037 §3.1. Default ES256, ES384, ES512, EdDSA, RS256, RS384,
	// RS512, PS256, PS384 and PS512. No others can be allowed. A list that is
	// empty is an error.
	Algorithms []string
	// KeyUsage is the extended key usage that the leaf must list (RFC 5280
	// §4.2.1.12). Default clientAuth. "any" cannot be configured.
	KeyUsage x509.ExtKeyUsage
	// StapleChain requires a staple for every certificate below the anchor.
	// Default: only for the leaf. A staple for another certificate is checked
	// whenever it is present.
	StapleChain bool
	// MaxStapleAge limits the time since a staple's thisUpdate, regardless of
	// nextUpdate. Default [stapled.DefaultMaxStapleAge], one hour.
	MaxStapleAge time.Duration
	// MaxLifetime limits exp - iat. Default [stapled.DefaultMaxLifetime], one
	// hour.
	MaxLifetime time.Duration
	// Leeway is how far in the future a window (nbf, iat, thisUpdate,
	// producedAt, the validity of a certificate) may begin, to allow for clock
	// skew. It never extends the end of a window. 0 means [stapled.DefaultLeeway], one minute;
	// [stapled.NoLeeway] means none. At most [stapled.MaxLeeway].
	Leeway time.Duration
	// Cache limits what the verifier remembers.
	Cache CacheSizes
	// Now is the clock, read once per token. Default [time.Now].
	Now func() time.Time
}

// CacheSizes limits the memory of a verifier's caches, in bytes. The defaults
// add up to 80 MiB. For each cache, 0 means the default and a negative value
// turns it off. Caches never change what is accepted: every hit compares all
// times again.
type CacheSizes struct {
	// Tokens is for accepted tokens: using one again costs no signature
	// verification. Default 32 MiB.
	Tokens int
	// Headers is for the headers of accepted tokens: another token with the
	// same header costs one signature verification. Default 32 MiB.
	Headers int
	// Certificates is for certificates proven to descend from an anchor: a new
	// staple for a known certificate costs two signature verifications. Default
	// 16 MiB.
	Certificates int
}

// withDefaults fills in what the caller left out, and rejects values that would
// make a verifier unsafe.
func (cfg Config) withDefaults() (Config, error) {
	if cfg.Anchors == nil || len(cfg.Anchors.All()) == 0 {
		return Config{}, errNoAnchors
	}
	if cfg.Algorithms != nil && len(cfg.Algorithms) == 0 {
		return Config{}, errors.New("Config.Algorithms is empty, which would accept nothing: leave it nil for the default, or list some")
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
	switch {
	case cfg.MaxStapleAge < 0:
		return Config{}, fmt.Errorf("negative Config.MaxStapleAge: %s", timetext.Duration(cfg.MaxStapleAge))
	case cfg.MaxStapleAge == 0:
		cfg.MaxStapleAge = stapled.DefaultMaxStapleAge
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg, nil
}
