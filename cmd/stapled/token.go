// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// defaultName is whom `stapled token` speaks as. The domain is reserved for
// private use.
const defaultName = "service.stapled.internal"

type tokenFlags struct {
	dir, name, passwordFile    string
	named                      bool // --name was given
	cert, key, ocspURL, parent string
	audiences, claims          []string
	subject                    string
	ttl, validity              time.Duration
	maxStapleAge, leeway       time.Duration
	ocspHash                   string
	chain, refresh             bool
}

// signedToken is what `stapled token --json` prints.
type signedToken struct {
	Token    string    `json:"token"`
	Issuer   string    `json:"issuer"`
	Audience []string  `json:"audience"`
	Subject  string    `json:"subject,omitempty"`
	ID       string    `json:"id"`
	Expiry   time.Time `json:"expiry"`
	// NextUpdate is the end of the staple; no token outlives it.
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
It is kept in DIR/identities/NAME with its key and its staple: a staple is
replaced when half of its time has passed, a certificate when two thirds have.

With --cert, the certificate comes from any PKI whose responder answers. Its key
is in the file of --key, or in that of --cert. Nothing is kept.

The value of a --claim is JSON if it is a JSON number, boolean, object, array
or a string in quotes, and else a string: n=5 is a number, n='"5"' and n=five
are strings.

Exit status 1 if the certificate does not permit signing: its CA says revoked or
unknown, or it has expired. A responder that does not answer, or whose answer is
of no use, is status 2: try again, or repair it.

The token expires after --ttl, or with its staple if that is sooner. --ttl,
--max-staple-age and --leeway are what "stapled verify" has --max-lifetime,
--max-staple-age and --leeway for: a token signed here passes the verifiers that
have the same values there, or larger ones.`,
		Example: `  stapled token --dir ./stack --audience echo --subject alice --claim role=admin

  # With a certificate of any PKI.
  stapled token --cert chain.pem --key key.pem \
    --ocsp-url http://ocsp.internal --audience orders`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := a.logger(silent)
			if err != nil {
				return err
			}
			f.named = cmd.Flags().Changed("name")
			return a.token(cmd.Context(), f, log)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.audiences, "audience", nil, "sign for the audience `A`, which becomes aud (required; may be repeated)")
	flags.StringVar(&f.subject, "subject", "", "say that the token is about `S`, which becomes sub")
	flags.StringArrayVar(&f.claims, "claim", nil, "add the claim `NAME=VALUE`; may be repeated")
	flags.DurationVar(&f.ttl, "ttl", issuer.DefaultTTL, "let the token live for this `DURATION` at most")
	flags.DurationVar(&f.maxStapleAge, "max-staple-age", stapled.DefaultMaxStapleAge, "sign with no staple older than this `DURATION`, and for no longer, whatever its nextUpdate says")
	flags.DurationVar(&f.leeway, "leeway", stapled.DefaultLeeway, "let the clock of the responder be ahead by this `DURATION`; it prolongs nothing")
	flags.StringVar(&f.ocspHash, "ocsp-hash", "", "name the certificate to the responder by this `HASH`, sha1 or sha256 (default sha256, then sha1 if the responder does not know the certificate so)")
	flags.BoolVar(&f.chain, "staple-chain", false, "staple the intermediates too, for verifiers with --staples chain")
	flags.StringVar(&f.dir, "dir", "", "use the stack in this `DIR`")
	flags.StringVar(&f.name, "name", defaultName, "sign as this `NAME`, a DNS name or URI")
	flags.DurationVar(&f.validity, "validity", 0, "let the certificate live for this `DURATION`; one that was enrolled with another is replaced (default that of the one that is kept, or of the CA, 24h)")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password of the provisioner's key, or beside --cert that of the private key, from this `FILE` (default DIR/secrets/password)")
	flags.BoolVar(&f.refresh, "refresh", false, "ask the responder although the kept staple is young, and sign only if it answers")
	flags.StringVar(&f.cert, "cert", "", "read the certificate chain from this PEM `FILE`, leaf first")
	flags.StringVar(&f.key, "key", "", "read the private key of the leaf from this PEM `FILE` (default that of --cert)")
	flags.StringVar(&f.ocspURL, "ocsp-url", "", "ask the OCSP responder at this `URL` (default those that the certificate names)")
	flags.StringVar(&f.parent, "issuer-cert", "", "read the CA certificate that issued the last one of --cert from this PEM `FILE`, if that one needs a staple")
	a.complete(cmd, "ocsp-hash", "sha1", "sha256")
	inGroup(cmd, "With a certificate of a stack", "dir", "name", "validity", "refresh")
	inGroup(cmd, "With a certificate of any PKI", "cert", "key", "ocsp-url", "issuer-cert")
	return cmd
}

// check finds contradictions before anything is read or written.
func (f tokenFlags) check() error {
	foreign := f.cert != "" || f.key != ""
	switch {
	case f.dir == "" && !foreign:
		return usagef("--dir DIR or --cert FILE is missing: say who signs")
	case f.dir != "" && (foreign || f.ocspURL != "" || f.parent != ""):
		return usagef("--dir brings its own certificate: leave out --cert, --key, --ocsp-url and --issuer-cert, or --dir")
	case foreign && f.cert == "":
		return usagef("--cert FILE is missing: say whose certificate the key belongs to")
	case foreign && (f.named || f.validity != 0 || f.refresh):
		return usagef("--name, --validity and --refresh are about what a stack keeps: leave them out beside --cert")
	case len(f.audiences) == 0:
		return usagef("--audience is missing: say whom the token is for")
	case slices.Contains(f.audiences, ""):
		return usagef("--audience is empty: say whom the token is for")
	case f.ttl < time.Second:
		return usagef("--ttl %s is too short: a token lives whole seconds", timetext.Duration(f.ttl))
	case f.validity < 0:
		return usagef("--validity %s is negative", timetext.Duration(f.validity))
	case f.maxStapleAge <= 0:
		return usagef("--max-staple-age must be more than nothing")
	case f.leeway < 0:
		return usagef("--leeway %s is negative", timetext.Duration(f.leeway))
	}
	if _, known := ocspHashes[f.ocspHash]; !known {
		return usagef("--ocsp-hash %q must be sha1 or sha256", f.ocspHash)
	}
	if f.dir != "" {
		return checkDir(f.dir)
	}
	return nil
}

func (a *app) token(ctx context.Context, f tokenFlags, log *slog.Logger) error {
	if err := f.check(); err != nil {
		return err
	}
	extra, err := parseClaims(f.claims)
	if err != nil {
		return err
	}
	s, err := f.signer(ctx, log)
	if err != nil {
		return a.refused(refusal(f.advise(err)))
	}
	if f.ttl > stapled.DefaultMaxLifetime && s.outlives(stapled.DefaultMaxLifetime, f.freshness()) {
		a.warn(fmt.Errorf("--ttl %s: verifiers refuse a token with a longer time from iat to exp than %s by default", timetext.Duration(f.ttl), timetext.Duration(stapled.DefaultMaxLifetime)))
	}
	if leaf := s.identity.Leaf(); !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		a.warn(fmt.Errorf("the certificate of %s does not list the extended key usage clientAuth, which verifiers ask for by default", certname.Of(leaf)))
	}
	if s.unrefreshed != nil {
		a.warn(fmt.Errorf("signed with the staple that was kept, because there is no newer one: %w", s.unrefreshed))
	}
	iss, err := issuer.New(issuer.Config{
		Identity: s.identity, Anchor: s.anchor, Staples: s.staples, TTL: f.ttl, Logger: log,
		MaxStapleAge: f.freshness().MaxAge, Leeway: f.freshness().Leeway,
	})
	if err != nil {
		return err
	}
	raw, err := iss.Sign(ctx, issuer.Claims{Audience: f.audiences, Subject: f.subject, Extra: extra})
	if err != nil {
		return a.refused(refusal(err))
	}
	if !a.json {
		return a.print(raw + "\n")
	}
	return a.printToken(raw, f)
}

func (a *app) printToken(raw string, f tokenFlags) error {
	// What the token says of itself is what its receiver sees.
	anatomy, err := dissect(raw, time.Now())
	if err != nil {
		return fmt.Errorf("read the token back: %w", err)
	}
	var claims struct {
		Issuer string          `json:"iss"`
		ID     string          `json:"jti"`
		Expiry json.RawMessage `json:"exp"`
	}
	if err := json.Unmarshal(anatomy.Claims, &claims); err != nil {
		return fmt.Errorf("read the token back: %w", err)
	}
	result := signedToken{
		Token: raw, Issuer: claims.Issuer, Audience: f.audiences, Subject: f.subject, ID: claims.ID,
		Serial: anatomy.Chain[0].Serial,
	}
	result.Expiry, _ = numericDate(claims.Expiry)
	if next := anatomy.Staples[0].NextUpdate; next != nil {
		result.NextUpdate = *next
	}
	return a.printJSON(result)
}

// ocspHashes are what --ocsp-hash takes.
var ocspHashes = map[string]crypto.Hash{"": 0, "sha1": crypto.SHA1, "sha256": crypto.SHA256}

// freshness is what staples are held to. A leeway of 0 on the command line is
// none, where in Go it is the default.
func (f tokenFlags) freshness() ocspstaple.Freshness {
	return ocspstaple.Freshness{MaxAge: f.maxStapleAge, Leeway: leeway.Configured(f.leeway)}
}
