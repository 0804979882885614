// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
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
	Certificate string          `json:"certificate"`
	Serial      string          `json:"serial"`
	NextUpdate  time.Time       `json:"next_update"`
	FreshUntil  time.Time       `json:"fresh_until"`
	Claims      json.RawMessage `json:"claims"`
}

func newVerifyCommand(a *app) *cobra.Command {
	var f policyFlags
	var at string
	cmd := &cobra.Command{
		Use:   "verify --anchor FILE --audience A [flags] [TOKEN|-]",
		Short: "Verify a token offline",
		Long: `Verify a token as a service would: signature, chain, staple and claims, without
any connection. The token is the argument, or stdin for "-" or no argument;
"Bearer " before it, and the JSON of "stapled token --json" around it, are taken
off.

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
		RunE: func(cmd *cobra.Command, args []string) error {
			clock, err := parseTime(at)
			if err != nil {
				return err
			}
			v, err := f.verifier(clock)
			if err != nil {
				return err
			}
			raw, err := a.readToken(cmd, args)
			var other *notToken
			if errors.As(err, &other) {
				return a.printRejected(&stapled.Error{Reason: stapled.Malformed, Err: err})
			}
			if err != nil {
				return err
			}
			return a.verify(v, raw, clock)
		},
	}
	f.register(a, cmd)
	cmd.Flags().StringVar(&at, "at", "", "verify as of this `TIME` (default now)")
	return cmd
}

func (a *app) verify(v *verifier.Verifier, raw string, clock func() time.Time) error {
	token, err := v.Verify(raw)
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
		Certificate: leaf.Subject.String(), Serial: leaf.SerialNumber.String(),
		NextUpdate: token.Staple().NextUpdate().UTC(), FreshUntil: token.FreshUntil().UTC(), Claims: claims,
	}
	if a.json {
		return a.printJSON(verdict{Valid: true, acceptedToken: accepted})
	}
	t := terminalOf(a.stdout)
	var b strings.Builder
	b.WriteString(t.paint(green, "accepted") + "\n")
	p := page{terminal: t, out: &b}
	p.field("issuer", token.Issuer())
	p.field("identity", token.Identity())
	p.field("certificate", subject(accepted.Certificate))
	p.serial("serial", accepted.Serial)
	p.field("staple", "good, nextUpdate "+stamp(accepted.NextUpdate))
	p.field("fresh until", stamp(accepted.FreshUntil)+", "+distance(accepted.FreshUntil, now, "ends", "ended"))
	p.title("Claims", "what the issuer says; whether to believe it is for your policy")
	p.claims(claims, now)
	return a.print(b.String())
}
