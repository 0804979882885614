// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/anatomy"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/verifier"
)

// verdict is the result of `stapled verify` as JSON.
type verdict struct {
	Valid bool `json:"valid"`
	*acceptedToken
	Reason stapled.Reason `json:"reason,omitempty"`
	Detail string         `json:"detail,omitempty"`
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
	Anchor      anchor          `json:"anchor"`
	Certificate string          `json:"certificate"`
	Serial      string          `json:"serial"`
	NextUpdate  time.Time       `json:"next_update"`
	FreshUntil  time.Time       `json:"fresh_until"`
	Claims      json.RawMessage `json:"claims"`
}

// anchor is the CA that vouches for a token.
type anchor struct {
	Subject   string `json:"subject"`
	KeyDigest string `json:"key_sha256"` // of the SubjectPublicKeyInfo, in hex
	Label     string `json:"label,omitempty"`
}

func anchorOf(token verifier.Token) anchor {
	id := token.Anchor()
	return anchor{Subject: id.Subject, KeyDigest: hex.EncodeToString(id.KeyDigest[:]), Label: id.Label}
}

func newVerifyCommand(a *app) *cobra.Command {
	var f policyFlags
	var at, peerFile string
	cmd := &cobra.Command{
		Use:   "verify --anchor FILE --audience A [flags] [TOKEN|-]",
		Short: "Verify a token offline",
		Long: `Verify a token as a service would: signature, chain, staple and claims, without
any connection. The token is the argument, or comes from stdin for "-" or no
argument. "Bearer " before it and the JSON of "stapled token --json" around it
are removed.

If the token is rejected, the result says why, and the exit status is 1. A token
of more than 16 KiB is rejected as too_large. Input of more than 64 KiB is not a
token: exit status 2.

Acceptance says who signed the token, and that its certificate was not revoked
as of the staple's thisUpdate. Your own policy decides what the caller may do.
It is a bearer token, which anyone who has it can use while it is fresh, unless
it has the claim cnf: then it is accepted only from the TLS client whose
certificate cnf names. --peer gives that certificate.

--anchor takes a PEM file. After it, each ,scope=NAME is a name for which its CAs
may vouch, and ,label=NAME a name for them in the result. NAME is a DNS name,
all names below one (.a.example), or the scheme and host of URIs
(spiffe://a.example). Without a scope, the CAs vouch for all names. The name of
the file may have commas, but not end in ,scope=... or ,label=....

--at takes an RFC 3339 time, such as 2026-01-31T12:00:00Z, also with a space
instead of the T, as this command prints times; or an offset from now, such as
+11m or -1h.`,
		Example: `  TOKEN=$(stapled token --dir ./stack --audience echo)
  stapled verify --anchor ./stack/certs/root_ca.crt --audience echo "$TOKEN"

  # Two CAs, each for its own names.
  stapled verify --audience echo "$TOKEN" \
    --anchor a.pem,scope=spiffe://a.example,scope=.a.example \
    --anchor b.pem,scope=spiffe://b.example

  # As a script sees it, at another time.
  echo "$TOKEN" | stapled verify --json --audience echo \
    --anchor ./stack/certs/root_ca.crt --at 2026-12-01T12:00:00Z -`,
		Args: cli.OneToken,
		RunE: func(cmd *cobra.Command, args []string) error {
			clock, err := cli.ParseTime(at)
			if err != nil {
				return err
			}
			v, err := a.verifier(f, clock)
			if err != nil {
				return err
			}
			raw, err := a.ReadToken(cmd, args)
			var other *cli.NotToken
			if errors.As(err, &other) {
				return a.printRejected(&stapled.Error{Reason: stapled.Malformed, Err: err})
			}
			if err != nil {
				return err
			}
			peer, err := loadPeer(peerFile)
			if err != nil {
				return err
			}
			return a.verify(v, raw, verifier.Bindings{Peer: peer}, clock)
		},
	}
	f.register(a, cmd)
	cmd.Flags().StringVar(&peerFile, "peer", "", "`FILE`: PEM file with the certificate of the TLS client that sent the token, for a token with cnf (default none)")
	cmd.Flags().StringVar(&at, "at", "", "`TIME`: time of the verification (default now)")
	return cmd
}

func (a *app) verify(v *verifier.Verifier, raw string, b verifier.Bindings, clock func() time.Time) error {
	token, err := v.VerifyBound(raw, b)
	if err != nil {
		var rejected *stapled.Error
		if !errors.As(err, &rejected) {
			return fmt.Errorf("verify the token: %w", err)
		}
		return a.printRejected(rejected)
	}
	return a.printAccepted(token, clock())
}

func (a *app) printRejected(rejected *stapled.Error) error {
	detail := rejected.Err.Error()
	var err error
	if a.JSON {
		err = a.PrintJSON(verdict{Reason: rejected.Reason, Detail: detail})
	} else {
		t := terminal.Of(a.Stdout)
		err = a.Print(t.Paint(terminal.Red, "rejected") + "  " + t.Paint(terminal.Bold, string(rejected.Reason)) + ": " + terminal.Printable(detail) + "\n")
	}
	if err != nil {
		return err
	}
	return &cli.Rejection{}
}

func (a *app) printAccepted(token verifier.Token, now time.Time) error {
	var claims json.RawMessage
	if err := token.Decode(&claims); err != nil {
		return fmt.Errorf("decode the claims: %w", err)
	}
	leaf, err := token.Leaf()
	if err != nil {
		return fmt.Errorf("read the certificate of the token: %w", err)
	}
	accepted := &acceptedToken{
		Issuer: token.Issuer(), Identity: token.Identity(), Subject: token.Subject(), ID: token.ID(),
		IssuedAt: token.IssuedAt().UTC(), NotBefore: token.NotBefore().UTC(), Expiry: token.Expiry().UTC(),
		Anchor: anchorOf(token), Certificate: leaf.Subject.String(), Serial: leaf.SerialNumber.String(),
		NextUpdate: token.Staple().NextUpdate().UTC(), FreshUntil: token.FreshUntil().UTC(), Claims: claims,
	}
	if a.JSON {
		return a.PrintJSON(verdict{Valid: true, acceptedToken: accepted})
	}
	t := terminal.Of(a.Stdout)
	var b strings.Builder
	b.WriteString(t.Paint(terminal.Green, "accepted") + "\n")
	p := terminal.Page{Terminal: t, Out: &b}
	p.Field("issuer", token.Issuer())
	p.Field("identity", token.Identity())
	p.Field("certificate", terminal.Subject(accepted.Certificate))
	p.Serial("serial", accepted.Serial)
	p.Field("anchor", terminal.Subject(accepted.Anchor.Subject))
	if accepted.Anchor.Label != "" {
		p.Field("label", accepted.Anchor.Label)
	}
	p.Whole("key digest", accepted.Anchor.KeyDigest)
	p.Field("staple", "good, nextUpdate "+terminal.Stamp(accepted.NextUpdate))
	p.Field("fresh until", terminal.Stamp(accepted.FreshUntil)+", "+terminal.Distance(accepted.FreshUntil, now, "ends", "ended"))
	p.Title("Claims", "what the issuer says; your policy decides whether to believe it")
	anatomy.PrintClaims(p, claims, now)
	return a.Print(b.String())
}
