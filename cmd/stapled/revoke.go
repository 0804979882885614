// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/delegation"
	"github.com/stapledjwt/stapled/internal/stack"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// revocation is what `stapled revoke` prints.
type revocation struct {
	Serial    string `json:"serial"`
	SerialHex string `json:"serial_hex"`
	// GoodUntilAtMost is when the last staple that says good has ended. It is
	// absent if the stack does not say how long its staples are valid.
	GoodUntilAtMost *time.Time `json:"good_until_at_most,omitempty"`
	// Subject is known if the certificate was given.
	Subject string `json:"subject,omitempty"`
	// Issued reports whether the CA had issued it; null if unknown, such as for a
	// serial number that was already revoked.
	Issued *bool `json:"issued"`
	// Reason is the one that the CA recorded. For an earlier revocation it may
	// differ from the requested one; it is null if the responder does not give one.
	Reason         *string `json:"reason"`
	AlreadyRevoked bool    `json:"already_revoked"`
	// Names are known with --name.
	Names []string `json:"names,omitempty"`
	// Error says why the certificate was not revoked, with --name, which goes on
	// with the others.
	Error string `json:"error,omitempty"`
}

type revokeFlags struct {
	dir, serial, cert, name, since, reason, passwordFile string
	yes                                                  bool

	ca       delegation.CA // without --dir
	database certsFlags    // --db and --db-file
}

func newRevokeCommand(a *app) *cobra.Command {
	var f revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke (--dir DIR | --ca-url URL …) (--serial N | --cert FILE | --name N) [--reason NAME]",
		Short: "Revoke a certificate",
		Long: `Revoke a certificate through the API of the CA: of the one that "stapled up"
runs with --dir, or of any running step-ca with --ca-url, --root, --provisioner
and what authorizes it. That is the password of a JWK provisioner, or a
certificate for an X5C provisioner. With --ca-url, --name needs the CA's database
as well: PostgreSQL, MySQL or MariaDB, by --db or --db-file, which it only reads.

From then on the responder says revoked. An issuer learns it when it next asks,
after about half a staple's validity, and stops signing. Verifiers accept tokens
until the nextUpdate of their staple, and no longer. The result says when that
has passed for the last of them: "tokens end by", in JSON good_until_at_most.

--serial and --cert revoke only this certificate. Someone who has its key may
have renewed it in the meantime. --name revokes every certificate with a name
that is neither revoked nor expired, and then those that were issued meanwhile.
It first shows them, and asks. Without a terminal it needs --yes. If some could
not be revoked, it says which, and ends with status 2.

--since leaves out older certificates. It takes an RFC 3339 time, or an offset
from now, such as -1h. What counts is the beginning of the validity, from five
minutes before that time, because CAs date certificates back; if yours does so
by more (backdate in ca.json), give an earlier time.

A serial number is decimal, hexadecimal with 0x, or hexadecimal bytes with
colons. The CA takes any serial number; the command warns if the CA has not
issued it. A file is checked first: its certificate must be from this CA, or be
that of the CA itself (the key crt in config/ca.json). Revoking a certificate
twice is not an error and changes nothing.`,
		Example: `  stapled revoke --dir ./stack --reason keyCompromise \
    --cert ./stack/identities/service.stapled.internal/cert.pem
  stapled revoke --dir ./stack --serial 0x5a1f00d2c3 --json
  stapled revoke --dir ./stack --name orders.internal --reason keyCompromise

  # A stock step-ca.
  stapled revoke --ca-url https://ca.internal:9000 --root root_ca.crt \
    --provisioner admin --password-file admin.password --serial 0x5a1f00d2c3
  stapled revoke --ca-url https://ca.internal:9000 --root root_ca.crt \
    --provisioner admin --password-file admin.password --db-file stepca.dsn \
    --name orders.internal --reason keyCompromise`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return a.revoke(ctx, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", "", "`DIR`: directory of the stack, in place of --ca-url")
	flags.StringVar(&f.ca.URL, "ca-url", "", "`URL`: URL of a step-ca API, https")
	flags.StringVar(&f.ca.Root, "root", "", "`FILE`: with --ca-url, PEM file with the root certificate of the CA")
	flags.StringVar(&f.ca.Provisioner, "provisioner", "", "`NAME`: with --ca-url, name of a JWK or X5C provisioner")
	flags.StringVar(&f.ca.X5CCert, "x5c-cert", "", "`FILE`: with --ca-url, PEM file with a certificate chain for an X5C provisioner")
	flags.StringVar(&f.ca.X5CKey, "x5c-key", "", "`FILE`: PEM file with its key (default: it is in --x5c-cert)")
	flags.StringVar(&f.database.dbFile, "db-file", "", "`FILE`: with --ca-url and --name, file with the DSN of the CA's database")
	flags.StringVar(&f.database.db, "db", "", "`DSN`: with --ca-url and --name, DSN of the CA's database")
	flags.StringVar(&f.serial, "serial", "", "`N`: serial number of the certificate: decimal, 0x… or hexadecimal bytes with colons")
	flags.StringVar(&f.cert, "cert", "", "`FILE`: PEM file of the certificate, the first one in it")
	flags.StringVar(&f.name, "name", "", "`N`: every living certificate with this name: a DNS name in any case, or a URI, IP or mail address exactly")
	flags.StringVar(&f.since, "since", "", "`TIME`: with --name, only certificates issued since (default all)")
	flags.BoolVar(&f.yes, "yes", false, "with --name, no question before it revokes")
	flags.StringVar(&f.reason, "reason", "unspecified", "`NAME`: reason for the revocation (RFC 5280 §5.3.1): "+strings.Join(reasonNames(), ", "))
	flags.StringVar(&f.passwordFile, "password-file", "", "`FILE`: file with the password of the provisioner's key (default with --dir DIR/secrets/password), or of --x5c-key")
	cli.InGroup(cmd, "Which CA", "dir", "ca-url", "root", "provisioner", "x5c-cert", "x5c-key", "db-file", "db")
	cli.InGroup(cmd, "Which certificate", "serial", "cert", "name", "since", "yes")
	cli.Complete(cmd, "reason", reasonNames()...)
	return cmd
}

// check finds contradictions before anything is read or sent.
func (f revokeFlags) check() error {
	given := 0
	for _, which := range []string{f.serial, f.cert, f.name} {
		if which != "" {
			given++
		}
	}
	switch {
	case f.dir == "" && f.ca.URL == "":
		return cli.Usagef("--dir DIR or --ca-url URL is missing: name the directory of the stack, or a running step-ca")
	case f.dir != "" && (f.ca != delegation.CA{} || f.database != certsFlags{}):
		return cli.Usagef("--ca-url, --root, --provisioner, --x5c-cert, --x5c-key, --db-file and --db do not go with --dir, which has all of that: leave them out, or leave out --dir")
	case f.dir == "" && (f.ca.Root == "" || f.ca.Provisioner == ""):
		return cli.Usagef("--ca-url needs --root and --provisioner")
	case f.dir == "" && f.ca.X5CCert == "" && f.passwordFile == "":
		return cli.Usagef("--ca-url needs --password-file for a JWK provisioner, or --x5c-cert for an X5C provisioner")
	case f.ca.X5CKey != "" && f.ca.X5CCert == "":
		return cli.Usagef("--x5c-key needs --x5c-cert")
	case f.name == "" && f.database != certsFlags{}:
		return cli.Usagef("--db-file and --db go with --name: leave them out")
	case f.dir == "" && f.name != "" && f.database == certsFlags{}:
		return cli.Usagef("--name needs --db-file or --db beside --ca-url, to find the certificates: name the CA's database, or give their serial numbers with --serial")
	case given != 1:
		return cli.Usagef("give either --serial, --cert or --name, to say which certificate")
	case f.name == "" && (f.since != "" || f.yes):
		return cli.Usagef("--since and --yes go with --name: leave them out")
	}
	if f.dir == "" {
		return nil
	}
	return cli.CheckDir(f.dir)
}

func (a *app) revoke(ctx context.Context, f revokeFlags) error {
	code, reason, err := parseReason(f.reason)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	target, err := f.target(ctx)
	if err != nil {
		return err
	}
	one := func(serial *big.Int, issued bool) (revocation, error) {
		return revokeOne(ctx, target, serial, issued, code, reason)
	}
	if f.name != "" {
		return a.revokeName(ctx, f, target, one)
	}
	serial, subject, err := f.certificate(ctx, target)
	if err != nil {
		return err
	}
	result, err := one(serial, f.cert != "") // its signature says that it was issued
	if err != nil {
		return err
	}
	result.Subject = subject
	if result.Issued != nil && !*result.Issued {
		a.Warn(fmt.Errorf("the CA has not issued a certificate with the serial number %s: check that it is the right one", result.Serial))
	}
	if a.JSON {
		return a.PrintJSON(result)
	}
	return a.Print(result.text(terminal.Of(a.Stdout)))
}

// revokeOne revokes a certificate. Issued says that the CA is known to have
// issued it.
func revokeOne(ctx context.Context, target *revokeTarget, serial *big.Int, issued bool, code ocspstaple.CRLReason, reason string) (revocation, error) {
	result := revocation{Serial: serial.String(), SerialHex: fmt.Sprintf("%#x", serial), Reason: &reason}
	// Ask first: after the revocation the CA knows every serial number. Revoke even if
	// the responder does not answer.
	before, statusErr := target.client.Status(ctx, serial)
	err := target.client.Revoke(ctx, serial, code, reason)
	if errors.Is(err, stapled.AlreadyRevoked) {
		result.AlreadyRevoked, result.Reason = true, nil
	} else if err != nil {
		return revocation{}, err
	}
	revokedAt := time.Now()
	if statusErr == nil {
		// Only the CA's own answer can move the end forward.
		if result.AlreadyRevoked && before.Status() == ocspstaple.Revoked {
			revokedAt = before.RevokedAt()
			older := before.RevocationReason().String()
			result.Reason = &older
		}
		if before.Status() != ocspstaple.Revoked {
			good := before.Status() == ocspstaple.Good
			result.Issued = &good
		}
	}
	if issued {
		result.Issued = &issued
	}
	if target.dir != "" {
		result.GoodUntilAtMost = stack.GoodUntil(target.dir, revokedAt)
	}
	return result, nil
}

func (r revocation) text(t terminal.Terminal) string {
	var b strings.Builder
	if r.AlreadyRevoked {
		b.WriteString(t.Paint(terminal.Yellow, "already revoked") + "\n")
	} else {
		b.WriteString(t.Paint(terminal.Green, "revoked") + "\n")
	}
	p := terminal.Page{Terminal: t, Out: &b}
	if r.Subject != "" {
		p.Field("subject", r.Subject)
	}
	p.Serial("serial", r.Serial)
	switch {
	case r.Reason != nil && r.AlreadyRevoked:
		p.Field("reason", *r.Reason+", as given then: a second revocation changes nothing")
	case r.Reason != nil:
		p.Field("reason", *r.Reason)
	}
	if r.GoodUntilAtMost != nil {
		p.Field("tokens end", "by "+terminal.Stamp(*r.GoodUntilAtMost)+", when the last staple that says good has ended")
	} else {
		p.Field("tokens end", "once the validity of a staple has passed (validity of `stapled ocsp serve`, --staple-validity of `stapled up`)")
	}
	return b.String()
}

// certificate finds the serial number, and the subject if it is known.
func (f revokeFlags) certificate(ctx context.Context, target *revokeTarget) (*big.Int, string, error) {
	if f.cert == "" {
		serial, err := parseSerial(f.serial)
		return serial, "", err
	}
	chain, err := certs.LoadChain(f.cert)
	if err != nil {
		return nil, "", fmt.Errorf("%w: give --cert the PEM file of the certificate", err)
	}
	// The same serial number may belong to a different certificate in this CA.
	if err := target.checkIssued(ctx, chain[0]); err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.cert, err)
	}
	return chain[0].SerialNumber, chain[0].Subject.String(), nil
}

// issuedHere checks that the CA's responder answers for a certificate.
func issuedHere(cert *x509.Certificate, issuers []*x509.Certificate, dir string) error {
	for _, above := range issuers[:len(issuers)-1] { // no responder answers for the root
		if cert.Equal(above) {
			return nil
		}
	}
	if err := cert.CheckSignatureFrom(issuers[0]); err != nil {
		return fmt.Errorf("%s was issued by %s, not by the CA in %s, which is %s (%w): give a certificate of this CA, or use --serial", certname.Of(cert), certname.IssuerOf(cert), dir, certname.Of(issuers[0]), err)
	}
	return nil
}

// parseSerial reads a serial number as people copy it from elsewhere. It does
// not guess bare hexadecimal: without letters it would look decimal.
func parseSerial(text string) (*big.Int, error) {
	digits, base := text, 10
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		digits, base = hex, 16
	} else if strings.Contains(text, ":") {
		digits, base = strings.ReplaceAll(text, ":", ""), 16
		for _, octet := range strings.Split(text, ":") {
			if len(octet) != 2 {
				base = 0
			}
		}
	}
	var serial *big.Int
	ok := false
	// SetString also accepts signs and underscores, which are invalid here.
	if base != 0 && !strings.ContainsAny(digits, "+-_") {
		serial, ok = new(big.Int).SetString(digits, base)
	}
	// RFC 5280 §4.1.2.2: positive, at most 20 octets.
	if !ok || serial.Sign() <= 0 || serial.BitLen() > 8*20 {
		return nil, cli.Usagef("--serial %q is not a serial number: write it decimal, as 0x… or as hexadecimal bytes with colons", text)
	}
	return serial, nil
}
