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
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/verifier"
)

// policyFlags are the rules that `stapled verify` applies to a token. Each is a
// field of verifier.Config and has its default.
type policyFlags struct {
	anchors, issuers, algorithms      []string
	audience, staples, typ, keyUsage  string
	maxStapleAge, maxLifetime, leeway time.Duration
}

// keyUsages are the values that --key-usage takes.
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
	flags.StringArrayVar(&f.anchors, "anchor", nil, "`FILE`: PEM file with trusted CA certificates, and after it ,scope=NAME for each name that they may vouch for and ,label=NAME (required; may be repeated)")
	flags.StringVar(&f.audience, "audience", "", "`A`: audience that the token must name (required)")
	flags.StringArrayVar(&f.issuers, "issuer", nil, "`I`: accepted issuer, the iss of the token; may be repeated (default any that the certificate names)")
	flags.StringVar(&f.staples, "staples", "leaf", "`CERTIFICATES`: certificates that need a staple: leaf, or chain for all below the anchor")
	flags.DurationVar(&f.maxStapleAge, "max-staple-age", stapled.DefaultMaxStapleAge, "`DURATION`: greatest age of a staple, whatever its nextUpdate says")
	flags.DurationVar(&f.maxLifetime, "max-lifetime", stapled.DefaultMaxLifetime, "`DURATION`: longest lifetime of a token, from iat to exp")
	flags.DurationVar(&f.leeway, "leeway", stapled.DefaultLeeway, "`DURATION`: tolerance for clocks that are ahead; it extends no lifetime")
	flags.StringArrayVar(&f.algorithms, "algorithm", nil, "`ALG`: accepted signature algorithm; may be repeated (default all of the format)")
	flags.StringVar(&f.keyUsage, "key-usage", "clientAuth", "`USAGE`: extended key usage that the certificate must have, clientAuth or serverAuth")
	flags.StringVar(&f.typ, "type", stapled.Type, "`T`: typ that the token must have")
	cli.InGroup(cmd, "What to accept", "issuer", "staples", "max-staple-age", "max-lifetime", "leeway", "algorithm", "key-usage", "type")
	cli.CompleteBy(cmd, "anchor", completeAnchor)
	cli.Complete(cmd, "staples", "leaf", "chain")
	cli.Complete(cmd, "algorithm", algorithmNames()...)
	cli.Complete(cmd, "key-usage", slices.Sorted(maps.Keys(keyUsages))...)
}

// config finds mistakes before any file is read. A given value must never
// become a default.
func (f *policyFlags) config() (verifier.Config, error) {
	usage, known := keyUsages[f.keyUsage]
	cfg := verifier.Config{
		Audience: f.audience, Issuers: f.issuers, Type: f.typ, KeyUsage: usage,
		MaxStapleAge: f.maxStapleAge, MaxLifetime: f.maxLifetime,
		Leeway: leeway.Configured(f.leeway),
	}
	switch {
	case len(f.anchors) == 0:
		return verifier.Config{}, cli.Usagef("--anchor FILE is missing: name the CA certificates to trust")
	case slices.Contains(f.anchors, ""):
		return verifier.Config{}, cli.Usagef("--anchor is empty: name a file with CA certificates to trust")
	case f.audience == "":
		return verifier.Config{}, cli.Usagef("--audience is missing: name the audience that the token must have")
	case slices.Contains(f.issuers, ""):
		return verifier.Config{}, cli.Usagef("--issuer is empty: name an iss, or leave the flag out to accept any")
	case f.typ == "":
		return verifier.Config{}, cli.Usagef("--type is empty: name the typ that tokens must have")
	case !known:
		return verifier.Config{}, cli.Usagef("--key-usage %q is neither clientAuth nor serverAuth", f.keyUsage)
	case f.maxStapleAge <= 0 || f.maxLifetime <= 0:
		return verifier.Config{}, cli.Usagef("--max-staple-age and --max-lifetime must be greater than 0")
	case f.leeway < 0:
		return verifier.Config{}, cli.Usagef("--leeway %s is negative", timetext.Duration(f.leeway))
	case f.leeway > stapled.MaxLeeway:
		return verifier.Config{}, cli.Usagef("--leeway %s is more than %s; set the clocks instead", timetext.Duration(f.leeway), timetext.Duration(stapled.MaxLeeway))
	case f.staples == "leaf":
	case f.staples == "chain":
		cfg.StapleChain = true
	default:
		return verifier.Config{}, cli.Usagef("--staples %q is neither leaf nor chain", f.staples)
	}
	for _, name := range f.algorithms {
		if !slices.Contains(algorithmNames(), name) {
			return verifier.Config{}, cli.Usagef("--algorithm %q must be one of %s", name, strings.Join(algorithmNames(), ", "))
		}
		cfg.Algorithms = append(cfg.Algorithms, name)
	}
	return cfg, nil
}

// verifier returns a verifier that trusts the certificates in every file.
func (a *app) verifier(f policyFlags, clock func() time.Time) (*verifier.Verifier, error) {
	cfg, err := f.config()
	if err != nil {
		return nil, err
	}
	files, err := parseAnchors(f.anchors)
	if err != nil {
		return nil, err
	}
	if cfg.Anchors, err = a.loadAnchors(files); err != nil {
		return nil, err
	}
	cfg.Now = clock
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("configure the verifier: %w", err)
	}
	return v, nil
}
