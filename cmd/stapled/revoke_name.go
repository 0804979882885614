// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/inventory"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// backdate is how much earlier than --since a certificate may begin: step-ca
// dates certificates back, by a minute unless it is configured otherwise.
const backdate = 5 * time.Minute

// maxRounds limits how often --name looks for certificates issued meanwhile. A
// revoked certificate cannot be renewed, so what keeps coming has another source.
const maxRounds = 5

// revokeFunc revokes a certificate.
type revokeFunc func(serial *big.Int, issued bool) (revocation, error)

// revokeName revokes every living certificate of a name, and what the CA issued
// for it meanwhile.
func (a *app) revokeName(ctx context.Context, f revokeFlags, target *revokeTarget, one revokeFunc) error {
	query := inventory.Query{Name: f.name}
	if f.since != "" {
		clock, err := cli.ParseTime(f.since)
		if err != nil {
			return cli.Usagef("--since %q is neither an RFC 3339 time, such as 2026-01-31T12:00:00Z, nor an offset from now, such as -1h", f.since)
		}
		query.Since = clock().Add(-backdate)
	}
	list := func() (living, all []inventory.Certificate, err error) {
		issued, err := target.issued()
		if err != nil {
			return nil, nil, err
		}
		all, err = inventory.List(issued, query, time.Now())
		for _, c := range all {
			if c.Alive {
				living = append(living, c)
			}
		}
		return living, all, err
	}
	living, all, err := list()
	switch {
	case errors.Is(err, stapled.DatabaseLocked):
		return whileLocked(err)
	case err != nil:
		return err
	case len(all) == 0 && f.since != "":
		return fmt.Errorf("the CA has issued no certificate for %q since %s: check the name and the time (`stapled certs %s`)", f.name, terminal.Stamp(query.Since), target.at)
	case len(all) == 0:
		return fmt.Errorf("the CA has issued no certificate for %q: check the name (`stapled certs %s`)", f.name, target.at)
	case len(living) == 0:
		if a.JSON {
			return nil
		}
		return a.Print("nothing to revoke: no certificate of " + terminal.Printable(f.name) + " is alive\n")
	}
	if err := a.confirm(f, living); err != nil {
		return err
	}
	return a.revokeRounds(ctx, living, list, one)
}

// whileLocked says what to do about a badger database: it cannot be read while the
// CA runs, and the CA must run to revoke.
func whileLocked(err error) error {
	return fmt.Errorf("--name needs to read the CA's database, and a badger database cannot be read while the CA runs: list the serial numbers with `stapled certs` while it is stopped, and give each with --serial while it runs; or move the CA to bbolt or an SQL server (%w)", err)
}

// confirm shows what will be revoked, and returns nil if that is wanted.
func (a *app) confirm(f revokeFlags, living []inventory.Certificate) error {
	if f.yes {
		return nil
	}
	fmt.Fprint(a.Stderr, inventory.Table(terminal.Of(a.Stderr), living, time.Now()))
	if !terminal.IsTerminal(a.Stdin) {
		return cli.Usagef("this would revoke %s: add --yes to do so", terminal.Count(len(living), "certificate"))
	}
	fmt.Fprintf(a.Stderr, "Revoke %s of %s? [y/N] ", terminal.Count(len(living), "certificate"), terminal.Printable(f.name))
	answer, err := bufio.NewReader(a.Stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was revoked: the answer was not yes")
	}
	return nil
}

// revokeRounds revokes certificates until none is alive.
func (a *app) revokeRounds(ctx context.Context, living []inventory.Certificate, list func() (living, all []inventory.Certificate, err error), one revokeFunc) error {
	done := make(map[string]bool)
	for range maxRounds {
		if err := a.revokeRound(ctx, living, done, one); err != nil {
			return err
		}
		now, _, err := list()
		if err != nil {
			return fmt.Errorf("%s revoked, but whether the CA has issued more meanwhile is not known: %w", terminal.Count(len(done), "certificate"), err)
		}
		living = nil
		for _, c := range now {
			if done[c.Serial] {
				return fmt.Errorf("the CA says that it has revoked %s, and its database does not have that: is this the database of the CA that runs?", c.SerialHex)
			}
			living = append(living, c)
		}
		if len(living) == 0 {
			return nil
		}
	}
	return fmt.Errorf("%s revoked, and the CA keeps issuing more: find out who enrolls", terminal.Count(len(done), "certificate"))
}

// revokeRound revokes certificates and adds them to those that are done. It goes
// on after a failure, and returns at the end what failed.
func (a *app) revokeRound(ctx context.Context, living []inventory.Certificate, done map[string]bool, one revokeFunc) error {
	var first error
	var failed []string
	for _, c := range living {
		err := a.revokeListed(ctx, c, one)
		if err == nil {
			done[c.Serial] = true
			continue
		}
		failed = append(failed, c.SerialHex)
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%s revoked, and these not: %s: %w", terminal.Count(len(done), "certificate"), strings.Join(failed, ", "), first)
}

// revokeListed revokes one certificate and prints what became of it.
func (a *app) revokeListed(ctx context.Context, c inventory.Certificate, one revokeFunc) error {
	serial, ok := new(big.Int).SetString(c.Serial, 10)
	if !ok {
		return fmt.Errorf("the serial number %q is malformed", c.Serial)
	}
	var result revocation
	err := context.Cause(ctx)
	if err == nil {
		result, err = one(serial, true)
	}
	if err != nil {
		known := true
		result = revocation{Serial: c.Serial, SerialHex: c.SerialHex, Issued: &known, Error: cli.OneLine(err)}
	}
	result.Names, result.Subject = c.Names, c.Subject
	if a.JSON {
		return errors.Join(err, a.PrintJSON(result))
	}
	return errors.Join(err, a.Print(result.line(terminal.Of(a.Stdout))))
}

// line is the result in one line, for a list.
func (r revocation) line(t terminal.Terminal) string {
	word := t.Paint(terminal.Green, "revoked")
	detail := ""
	switch {
	case r.Error != "":
		word, detail = t.Paint(terminal.Red, "NOT revoked"), ": "+terminal.Printable(r.Error)
	case r.AlreadyRevoked:
		word = t.Paint(terminal.Yellow, "already revoked")
	case r.GoodUntilAtMost != nil:
		detail = "; tokens end by " + terminal.Stamp(*r.GoodUntilAtMost)
	}
	return word + "  " + r.SerialHex + "  " + terminal.Printable(strings.Join(r.Names, ", ")) + detail + "\n"
}
