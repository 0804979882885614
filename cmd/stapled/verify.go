// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/verifier"
)

// verdict is the result of `stapled verify` as JSON.
type verdict struct {
	Valid bool `json:"valid"`
	*acceptedToken
	Reason verifier.Reason `json:"reason,omitempty"`
	Detail string          `json:"detail,omitempty"`
}

// acceptedToken is what a verified token says.
type acceptedToken struct {
	Issuer      string          `json:"issuer"`
	Identity    string          `json:"identity"`
	Subject     string          `json:"subject,omitempty"`
	ID          string          `json:"id"`
	IssuedAt    time.Time       `json:"issued_at"`
	NotBefore   time.Time       `json:"not_before"`
	Expiry      time.Time       `json:"expiry"`
	Certificate string          `json:"certificate"`
	Serial      string          `json:"serial"`
	NextUpdate  time.Time       `json:"next_update"`
	FreshUntil  time.Time       `json:"fresh_until"`
	Claims      json.RawMessage `json:"claims"`
}

type verifyFlags struct {
	anchor, audience, at, staples string
	issuers                       []string
	// The rest of verifier.Config.
	typ, keyUsage                     string
	algorithms                        []string
	maxStapleAge, maxLifetime, leeway time.Duration
}

// keyUsages are what --key-usage takes.
var keyUsages = map[string]x509.ExtKeyUsage{
	"clientAuth": x509.ExtKeyUsageClientAuth,
	"serverAuth": x509.ExtKeyUsageServerAuth,
}

func newVerifyCommand(a *app) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --anchor FILE --audience A [flags] [TOKEN|-]",
		Short: "Verify a token offline",
		Long: `Verify a token as a service would: signature, chain, staple and claims, without
any connection. The token is the argument, or stdin for "-" or no argument.

Exit status 1 and a reason if it is rejected. A token of more than 16 KiB is
rejected as too_large; input of more than 64 KiB is not a token, and exit
status 2.

Acceptance says who signed the token, and that its certificate was not revoked
as of the staple's thisUpdate. What the caller may do is for your own policy to
say, and the token is not a secret.

--at takes RFC 3339, such as 2026-01-31T12:00:00Z, also with a space in place of
the T, as times are printed here; or a distance from now, such as +11m or -1h.`,
		Example: `  TOKEN=$(stapled token --dir ./stack --audience echo)
  stapled verify --anchor ./stack/certs/root_ca.crt --audience echo "$TOKEN"

  # As a script sees it, at another time.
  echo "$TOKEN" | stapled verify --json --audience echo \
    --anchor ./stack/certs/root_ca.crt --at 2026-12-01T12:00:00Z -`,
		Args: oneToken,
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.anchor, "anchor", "", "PEM `FILE` with the CA certificates to trust (required)")
	flags.StringVar(&f.audience, "audience", "", "audience `A`, which must be in aud (required)")
	flags.StringArrayVar(&f.issuers, "issuer", nil, "accept this iss `I` only; may be repeated (default any that the certificate names)")
	flags.StringVar(&f.at, "at", "", "verify as of this `TIME` (default now)")
	flags.StringVar(&f.staples, "staples", "leaf", "which `CERTIFICATES` need a staple: leaf, or chain for all below the anchor")
	flags.StringVar(&f.typ, "type", verifier.DefaultType, "accept this typ `T` only")
	flags.StringArrayVar(&f.algorithms, "algorithm", nil, "accept this `ALG` only; may be repeated (default all of the format)")
	flags.StringVar(&f.keyUsage, "key-usage", "clientAuth", "extended key `USAGE` that the certificate must list: clientAuth or serverAuth")
	flags.DurationVar(&f.maxStapleAge, "max-staple-age", ocspstaple.DefaultMaxAge, "accept no staple that is older, whatever its nextUpdate says: a `DURATION`")
	flags.DurationVar(&f.maxLifetime, "max-lifetime", verifier.DefaultMaxLifetime, "accept no token with a longer time from iat to exp: a `DURATION`")
	flags.DurationVar(&f.leeway, "leeway", verifier.DefaultLeeway, "by how much other clocks may be ahead, as a `DURATION`; it prolongs nothing")
	a.complete(cmd, "staples", "leaf", "chain")
	a.complete(cmd, "algorithm", algorithmNames()...)
	a.complete(cmd, "key-usage", slices.Sorted(maps.Keys(keyUsages))...)
	return cmd
}

func (a *app) verify(cmd *cobra.Command, f verifyFlags, args []string) error {
	v, now, err := f.verifier()
	if err != nil {
		return err
	}
	raw, err := a.readToken(cmd, args)
	if err != nil {
		return err
	}
	token, err := v.Verify(raw)
	if err != nil {
		var rejected *verifier.Error
		if !errors.As(err, &rejected) {
			return fmt.Errorf("verify the token: %w", err)
		}
		return a.printRejected(rejected)
	}
	return a.printAccepted(token, now)
}

func (f verifyFlags) verifier() (*verifier.Verifier, time.Time, error) {
	now, err := parseTime(f.at)
	if err != nil {
		return nil, now, err
	}
	usage, known := keyUsages[f.keyUsage]
	cfg := verifier.Config{
		Audience: f.audience, Issuers: f.issuers, Type: f.typ, KeyUsage: usage,
		MaxStapleAge: f.maxStapleAge, MaxLifetime: f.maxLifetime,
		Leeway: max(f.leeway, time.Nanosecond), // 0 would be the default
		Now:    func() time.Time { return now },
	}
	switch {
	case f.anchor == "":
		return nil, now, usagef("--anchor FILE is missing: name the CA certificates to trust")
	case f.audience == "":
		return nil, now, usagef("--audience is missing: say for whom the token must be")
	case slices.Contains(f.issuers, ""):
		return nil, now, usagef("--issuer is empty: name an iss, or leave the flag out to accept any")
	case f.typ == "":
		return nil, now, usagef("--type is empty: name the typ that tokens must have")
	case !known:
		return nil, now, usagef("--key-usage %q is neither clientAuth nor serverAuth", f.keyUsage)
	case f.maxStapleAge <= 0 || f.maxLifetime <= 0:
		return nil, now, usagef("--max-staple-age and --max-lifetime must be more than nothing")
	case f.leeway < 0:
		return nil, now, usagef("--leeway %s is negative", f.leeway)
	case f.staples == "leaf":
		cfg.Staples = verifier.StapleLeaf
	case f.staples == "chain":
		cfg.Staples = verifier.StapleChain
	default:
		return nil, now, usagef("--staples %q is neither leaf nor chain", f.staples)
	}
	for _, name := range f.algorithms {
		i := slices.Index(algorithmNames(), name)
		if i < 0 {
			return nil, now, usagef("--algorithm %q is none of %s", name, strings.Join(algorithmNames(), ", "))
		}
		cfg.Algorithms = append(cfg.Algorithms, certs.Algorithms()[i])
	}
	if cfg.Anchors, err = certs.LoadAnchors(f.anchor); err != nil {
		return nil, now, fmt.Errorf("%w: give --anchor a PEM file with CA certificates", err)
	}
	v, err := verifier.New(cfg)
	if err != nil {
		return nil, now, fmt.Errorf("configure the verifier: %w", err)
	}
	return v, now, nil
}

func algorithmNames() []string {
	var names []string
	for _, alg := range certs.Algorithms() {
		names = append(names, string(alg))
	}
	return names
}

func (a *app) printRejected(rejected *verifier.Error) error {
	detail := rejected.Err.Error()
	var err error
	if a.json {
		err = a.printJSON(verdict{Reason: rejected.Reason, Detail: detail})
	} else {
		t := terminalOf(a.stdout)
		err = a.print(t.paint(red, "rejected") + "  " + t.paint(bold, string(rejected.Reason)) + ": " + printable(detail) + "\n")
	}
	if err != nil {
		return err
	}
	return &rejection{}
}

func (a *app) printAccepted(token *verifier.Token, now time.Time) error {
	var claims json.RawMessage
	if err := token.Decode(&claims); err != nil {
		return fmt.Errorf("decode the claims: %w", err)
	}
	leaf, err := token.Leaf()
	if err != nil {
		return fmt.Errorf("read the certificate of the token: %w", err)
	}
	accepted := &acceptedToken{
		Issuer: token.Issuer, Identity: token.Identity, Subject: token.Subject, ID: token.ID,
		IssuedAt: token.IssuedAt.UTC(), NotBefore: token.NotBefore.UTC(), Expiry: token.Expiry.UTC(),
		Certificate: leaf.Subject.String(), Serial: leaf.SerialNumber.String(),
		NextUpdate: token.Staple.NextUpdate().UTC(), FreshUntil: token.FreshUntil.UTC(), Claims: claims,
	}
	if a.json {
		return a.printJSON(verdict{Valid: true, acceptedToken: accepted})
	}
	t := terminalOf(a.stdout)
	var b strings.Builder
	b.WriteString(t.paint(green, "accepted") + "\n")
	p := page{terminal: t, out: &b}
	p.field("issuer", token.Issuer)
	p.field("identity", token.Identity)
	p.field("certificate", accepted.Certificate)
	p.serial("serial", accepted.Serial)
	p.field("staple", "good, nextUpdate "+stamp(accepted.NextUpdate))
	p.field("fresh until", stamp(accepted.FreshUntil)+", "+distance(accepted.FreshUntil, now, "ends", "ended"))
	p.title("Claims", "what the issuer says; whether to believe it is for your policy")
	p.claims(claims, now)
	return a.print(b.String())
}
