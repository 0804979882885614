// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/anatomy"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/signer"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/issuer"
)

// defaultName is the name in the certificate unless --name gives another. The
// domain is reserved for private use.
const defaultName = "service.stapled.internal"

type tokenFlags struct {
	signer.Config
	named             bool // --name was given
	audiences, claims []string
	anchors           []string
	subject           string
	peer              string
	ttl               time.Duration
}

// signedToken is what `stapled token --json` prints.
type signedToken struct {
	Token    string    `json:"token"`
	Issuer   string    `json:"issuer"`
	Audience []string  `json:"audience"`
	Subject  string    `json:"subject,omitempty"`
	ID       string    `json:"id"`
	Expiry   time.Time `json:"expiry"`
	// NextUpdate is when the staple ends; no token outlives it.
	NextUpdate time.Time `json:"next_update"`
	Serial     string    `json:"serial"`
}

func newTokenCommand(a *app) *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "token (--dir DIR | --cert FILE) --audience A",
		Short: "Sign one token",
		Long: `Sign a token with a certificate and a fresh staple for it.

With --dir, the certificate comes from the stack that "stapled up" runs there.
It is kept in DIR/identities/NAME with its key and its staple. The command
replaces a staple after half of its validity, and a certificate after two
thirds, or when --validity asks for another lifetime.

With --cert, the certificate comes from any PKI whose responder answers. Its key
is in the file of --key, or in that of --cert. Nothing is kept.

The value of a --claim is JSON if it is a JSON number, boolean, object, array
or a string in quotes, otherwise a string: n=5 is a number, n='"5"' and n=five
are strings.

Exit status 1 if the certificate does not permit signing: its CA says revoked or
unknown, or it has expired. Exit status 2 if the responder does not answer, or
its answer cannot be used: try again, or repair it.

The token expires after --ttl, or with its staple if that is sooner. --ttl,
--max-staple-age and --leeway correspond to --max-lifetime, --max-staple-age and
--leeway of "stapled verify": a verifier whose values are the same or larger
accepts a token signed here.`,
		Example: `  stapled token --dir ./stack --audience echo --subject alice --claim role=admin

  # With a certificate of any PKI.
  stapled token --cert chain.pem --key key.pem \
    --ocsp-url http://ocsp.internal --audience orders`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := a.Logger(cli.Silent)
			if err != nil {
				return err
			}
			f.named = cmd.Flags().Changed("name")
			return a.token(cmd.Context(), f, log)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.audiences, "audience", nil, "`A`: audience of the token, its aud (required; may be repeated)")
	flags.StringVar(&f.subject, "subject", "", "`S`: subject of the token, its sub")
	flags.StringVar(&f.peer, "peer", "", "`FILE`: PEM file with the certificate of the TLS client that may present the token, its cnf (default none: a bearer token)")
	flags.StringArrayVar(&f.claims, "claim", nil, "`NAME=VALUE`: additional claim; may be repeated")
	flags.DurationVar(&f.ttl, "ttl", issuer.DefaultTTL, "`DURATION`: longest lifetime of the token")
	flags.DurationVar(&f.MaxStapleAge, "max-staple-age", stapled.DefaultMaxStapleAge, "`DURATION`: greatest age of a staple while the token lives, whatever its nextUpdate says")
	flags.DurationVar(&f.Leeway, "leeway", stapled.DefaultLeeway, "`DURATION`: tolerance for a responder whose clock is ahead; it extends no lifetime")
	flags.StringVar(&f.OCSPHash, "ocsp-hash", "", "`HASH`: hash in requests to the responder, sha1 or sha256 (default sha256, then sha1 if the responder does not know the certificate)")
	flags.BoolVar(&f.Chain, "staple-chain", false, "staples for the intermediates too, which verifiers with --staples chain require")
	flags.StringArrayVar(&f.anchors, "anchor", nil, "`FILE`: PEM file with CA certificates that all verifiers trust: the token leaves them out, and what is above them; may be repeated (default the whole chain, without a root)")
	flags.StringVar(&f.Dir, "dir", "", "`DIR`: directory of the stack")
	flags.StringVar(&f.Name, "name", defaultName, "`NAME`: name in the certificate, a DNS name or URI")
	flags.DurationVar(&f.Validity, "validity", 0, "`DURATION`: lifetime of a newly issued certificate; a kept one with another lifetime is replaced (default that of the kept one, or what the CA chooses, 24h)")
	flags.StringVar(&f.PasswordFile, "password-file", "", "`FILE`: file with the password of the provisioner's key or, with --cert, of the private key (default DIR/secrets/password; with --cert, none)")
	flags.BoolVar(&f.Refresh, "refresh", false, "a new staple even while the kept one is young, and no token without it")
	flags.StringVar(&f.Cert, "cert", "", "`FILE`: PEM file with the certificate chain, leaf first")
	flags.StringVar(&f.Key, "key", "", "`FILE`: PEM file with the private key of the leaf (default that of --cert)")
	flags.StringVar(&f.OCSPURL, "ocsp-url", "", "`URL`: URL of the OCSP responder (default those that the certificate names)")
	flags.StringVar(&f.IssuerCert, "issuer-cert", "", "`FILE`: PEM file with the issuer of the last certificate in --cert, if that one needs a staple")
	cli.Complete(cmd, "ocsp-hash", "sha1", "sha256")
	cli.InGroup(cmd, "With a certificate of a stack", "dir", "name", "validity", "refresh")
	cli.InGroup(cmd, "With a certificate of any PKI", "cert", "key", "ocsp-url", "issuer-cert")
	return cmd
}

// check finds contradictions before anything is read or written.
func (f tokenFlags) check() error {
	foreign := f.Cert != "" || f.Key != ""
	switch {
	case f.Dir == "" && !foreign:
		return cli.Usagef("--dir DIR or --cert FILE is missing: say who signs")
	case f.Dir != "" && (foreign || f.OCSPURL != "" || f.IssuerCert != ""):
		return cli.Usagef("--dir has its own certificate: leave out --cert, --key, --ocsp-url and --issuer-cert, or leave out --dir")
	case foreign && f.Cert == "":
		return cli.Usagef("--cert FILE is missing: give the certificate of --key")
	case foreign && (f.named || f.Validity != 0 || f.Refresh):
		return cli.Usagef("--name, --validity and --refresh apply to a stack only: leave them out with --cert")
	case len(f.audiences) == 0:
		return cli.Usagef("--audience is missing: name the audience of the token")
	case slices.Contains(f.audiences, ""):
		return cli.Usagef("--audience is empty: name the audience of the token")
	case slices.Contains(f.anchors, ""):
		return cli.Usagef("--anchor is empty: name a file with CA certificates that verifiers trust, or leave it out")
	case f.ttl < time.Second:
		return cli.Usagef("--ttl %s is too short: give 1s or more", timetext.Duration(f.ttl))
	case f.Validity < 0:
		return cli.Usagef("--validity %s is negative", timetext.Duration(f.Validity))
	case f.MaxStapleAge <= 0:
		return cli.Usagef("--max-staple-age must be greater than 0")
	case f.Leeway < 0:
		return cli.Usagef("--leeway %s is negative", timetext.Duration(f.Leeway))
	case f.Leeway > stapled.MaxLeeway:
		return cli.Usagef("--leeway %s is more than %s; set the clocks instead", timetext.Duration(f.Leeway), timetext.Duration(stapled.MaxLeeway))
	}
	if _, known := signer.Hashes[f.OCSPHash]; !known {
		return cli.Usagef("--ocsp-hash %q must be sha1 or sha256", f.OCSPHash)
	}
	if f.Dir != "" {
		return cli.CheckDir(f.Dir)
	}
	return nil
}

// agreed returns what all verifiers trust, or nil if that is not known.
func (f tokenFlags) agreed() (*certs.Anchors, error) {
	if len(f.anchors) == 0 {
		return nil, nil
	}
	files := make([]certs.AnchorFile, len(f.anchors))
	for i, name := range f.anchors {
		files[i].File = name
	}
	agreed, err := certs.LoadAnchorFiles(files...)
	if err != nil {
		return nil, fmt.Errorf("%w: give --anchor a PEM file with CA certificates that verifiers trust", err)
	}
	return agreed, nil
}

func (a *app) token(ctx context.Context, f tokenFlags, log *slog.Logger) error {
	if err := f.check(); err != nil {
		return err
	}
	extra, err := parseClaims(f.claims)
	if err != nil {
		return err
	}
	peer, err := loadPeer(f.peer)
	if err != nil {
		return err
	}
	if f.Agreed, err = f.agreed(); err != nil {
		return err
	}
	s, err := f.Open(ctx, log)
	if err != nil {
		return a.refused(refusal(f.Advise(err)))
	}
	if f.ttl > stapled.DefaultMaxLifetime && s.Outlives(stapled.DefaultMaxLifetime, f.Freshness()) {
		a.Warn(fmt.Errorf("--ttl %s: by default, verifiers refuse a token with more than %s from iat to exp", timetext.Duration(f.ttl), timetext.Duration(stapled.DefaultMaxLifetime)))
	}
	if leaf := s.Identity.Leaf(); !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		a.Warn(fmt.Errorf("the certificate of %s does not list the extended key usage clientAuth, which verifiers require by default", certname.Of(leaf)))
	}
	if s.Unrefreshed != nil {
		a.Warn(fmt.Errorf("signed with the kept staple, because no newer one could be fetched: %w", s.Unrefreshed))
	}
	iss, err := issuer.New(issuer.Config{
		Identity: s.Identity, Staples: s.Staples, TTL: f.ttl, Logger: log,
		MaxStapleAge: f.Freshness().MaxAge, Leeway: f.Freshness().Leeway,
	})
	if err != nil {
		return err
	}
	raw, err := iss.Sign(ctx, issuer.Claims{Audience: f.audiences, Subject: f.subject, Peer: peer, Extra: extra})
	if err != nil {
		return a.refused(refusal(err))
	}
	if !a.JSON {
		return a.Print(raw + "\n")
	}
	return a.printToken(raw, f)
}

func (a *app) printToken(raw string, f tokenFlags) error {
	// Report what the token itself says: its receiver sees nothing else.
	parts, err := anatomy.Dissect(raw, time.Now())
	if err != nil {
		return fmt.Errorf("read the token back: %w", err)
	}
	var claims struct {
		Issuer string          `json:"iss"`
		ID     string          `json:"jti"`
		Expiry json.RawMessage `json:"exp"`
	}
	if err := json.Unmarshal(parts.Claims, &claims); err != nil {
		return fmt.Errorf("read the token back: %w", err)
	}
	result := signedToken{
		Token: raw, Issuer: claims.Issuer, Audience: f.audiences, Subject: f.subject, ID: claims.ID,
		Serial: parts.Chain[0].Serial,
	}
	result.Expiry, _ = anatomy.NumericDate(claims.Expiry)
	if next := parts.Staples[0].NextUpdate; next != nil {
		result.NextUpdate = *next
	}
	return a.PrintJSON(result)
}
