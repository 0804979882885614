// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/verifier"
)

// policyFlags are what `stapled verify` holds a token to: each is a field of
// verifier.Config, with the default of that.
type policyFlags struct {
	anchors, issuers, algorithms      []string
	audience, staples, typ, keyUsage  string
	maxStapleAge, maxLifetime, leeway time.Duration
}

// keyUsages are what --key-usage takes.
var keyUsages = map[string]x509.ExtKeyUsage{
	"clientAuth": x509.ExtKeyUsageClientAuth,
	"serverAuth": x509.ExtKeyUsageServerAuth,
}

func algorithmNames() []string {
	var names []string
	for _, alg := range certkey.Algorithms() {
		names = append(names, string(alg))
	}
	return names
}

func (f *policyFlags) register(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.anchors, "anchor", nil, "trust the CA certificates in this PEM `FILE` (required; may be repeated)")
	flags.StringVar(&f.audience, "audience", "", "accept tokens for the audience `A` only (required)")
	flags.StringArrayVar(&f.issuers, "issuer", nil, "accept this iss `I` only; may be repeated (default any that the certificate names)")
	flags.StringVar(&f.staples, "staples", "leaf", "require staples for these `CERTIFICATES`: leaf, or chain for all below the anchor")
	flags.DurationVar(&f.maxStapleAge, "max-staple-age", stapled.DefaultMaxStapleAge, "accept no staple older than this `DURATION`, whatever its nextUpdate says")
	flags.DurationVar(&f.maxLifetime, "max-lifetime", stapled.DefaultMaxLifetime, "accept no token with more than this `DURATION` from iat to exp")
	flags.DurationVar(&f.leeway, "leeway", stapled.DefaultLeeway, "let other clocks be ahead by this `DURATION`; it prolongs nothing")
	flags.StringArrayVar(&f.algorithms, "algorithm", nil, "accept this `ALG` only; may be repeated (default all of the format)")
	flags.StringVar(&f.keyUsage, "key-usage", "clientAuth", "accept certificates with this extended key `USAGE` only: clientAuth or serverAuth")
	flags.StringVar(&f.typ, "type", stapled.Type, "accept this typ `T` only")
	inGroup(cmd, "What to accept", "issuer", "staples", "max-staple-age", "max-lifetime", "leeway", "algorithm", "key-usage", "type")
	a.complete(cmd, "staples", "leaf", "chain")
	a.complete(cmd, "algorithm", algorithmNames()...)
	a.complete(cmd, "key-usage", slices.Sorted(maps.Keys(keyUsages))...)
}

// config finds mistakes before a file is read. Nothing that was given may turn
// into a default.
func (f *policyFlags) config() (verifier.Config, error) {
	usage, known := keyUsages[f.keyUsage]
	cfg := verifier.Config{
		Audience: f.audience, Issuers: f.issuers, Type: f.typ, KeyUsage: usage,
		MaxStapleAge: f.maxStapleAge, MaxLifetime: f.maxLifetime,
		Leeway: leeway.Configured(f.leeway),
	}
	switch {
	case len(f.anchors) == 0:
		return verifier.Config{}, usagef("--anchor FILE is missing: name the CA certificates to trust")
	case slices.Contains(f.anchors, ""):
		return verifier.Config{}, usagef("--anchor is empty: name a file with CA certificates to trust")
	case f.audience == "":
		return verifier.Config{}, usagef("--audience is missing: say for whom the token must be")
	case slices.Contains(f.issuers, ""):
		return verifier.Config{}, usagef("--issuer is empty: name an iss, or leave the flag out to accept any")
	case f.typ == "":
		return verifier.Config{}, usagef("--type is empty: name the typ that tokens must have")
	case !known:
		return verifier.Config{}, usagef("--key-usage %q is neither clientAuth nor serverAuth", f.keyUsage)
	case f.maxStapleAge <= 0 || f.maxLifetime <= 0:
		return verifier.Config{}, usagef("--max-staple-age and --max-lifetime must be more than nothing")
	case f.leeway < 0:
		return verifier.Config{}, usagef("--leeway %s is negative", timetext.Duration(f.leeway))
	case f.staples == "leaf":
	case f.staples == "chain":
		cfg.StapleChain = true
	default:
		return verifier.Config{}, usagef("--staples %q is neither leaf nor chain", f.staples)
	}
	for _, name := range f.algorithms {
		if !slices.Contains(algorithmNames(), name) {
			return verifier.Config{}, usagef("--algorithm %q is none of %s", name, strings.Join(algorithmNames(), ", "))
		}
		cfg.Algorithms = append(cfg.Algorithms, name)
	}
	return cfg, nil
}

// verifier trusts the certificates of every file.
func (f *policyFlags) verifier(clock func() time.Time) (*verifier.Verifier, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	var trusted []*x509.Certificate
	for _, file := range f.anchors {
		anchors, err := certs.LoadAnchors(file)
		if err != nil {
			return nil, fmt.Errorf("%w: give --anchor a PEM file with CA certificates", err)
		}
		trusted = append(trusted, anchors.All()...)
	}
	if cfg.Anchors, err = certs.NewAnchors(trusted...); err != nil {
		return nil, fmt.Errorf("--anchor: %w", err)
	}
	cfg.Now = clock
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure the verifier: %w", err)
	}
	return v, nil
}
