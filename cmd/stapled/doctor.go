// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/doctor"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/terminal"
)

type doctorFlags struct {
	caURL, root, dir, cert, issuer, url, keyUsage string
	maxStapleAge                                  time.Duration
}

func newDoctorCommand(a *app) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--ca-url URL --root FILE] [--dir DIR] [--cert FILE] [flags]",
		Short: "Find what a CA lacks for stapled tokens",
		Long: `Look at a running step-ca, at the directory of one, or at a certificate of any CA
and its OCSP responder, and say check by check what is missing, with the lines
to add. Nothing is changed.

Give one of --ca-url, --dir and --cert, or several: each shows what the others
do not. Over the network the CA shows its roots, provisioners and CRL, as to any
stranger. Its directory shows how the CRL is made, and templates in files. Only
a certificate shows its responder, whether the answers make staples, and how
large tokens get.

A check is ok; or it warns; or something is missing. It is unseen if nobody can
see it from here, and unanswered if a server gave no answer. Each question to a
server has 10 seconds, and all of them together a minute.

Exit status: 0 if nothing is missing; 1 if something is, even if a server did
not answer; 2 if nothing is known to be missing but a server did not answer, or
for mistakes in the command line. Warnings and what is unseen do not count.`,
		Example: `  # A running step-ca, and a certificate from it.
  stapled doctor --ca-url https://ca.internal:9000 --root root_ca.crt --cert cert.pem

  # On the machine of the CA.
  stapled doctor --dir /etc/step-ca --ca-url https://ca.internal:9000

  # Any CA, and a responder that the certificate does not name.
  stapled doctor --cert leaf.pem --issuer ca.pem --root root.pem --url http://127.0.0.1:8889`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := cli.UntilSignal(cmd.Context())
			defer stop()
			return a.doctor(ctx, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.caURL, "ca-url", "", "`URL`: API of a running step-ca; it needs --root or --dir")
	flags.StringVar(&f.root, "root", "", "`FILE`: PEM file with the CA certificates that verifiers trust (default those of --dir)")
	flags.StringVar(&f.dir, "dir", "", "`DIR`: directory of a step-ca")
	flags.StringVar(&f.cert, "cert", "", "`FILE`: PEM file with a certificate that is to sign tokens, and its issuer after it")
	flags.StringVar(&f.issuer, "issuer", "", "`FILE`: PEM file with the certificate of the issuer (default: it is in --cert)")
	flags.StringVar(&f.url, "url", "", "`URL`: URL of the responder, http or https (default those that the certificate names)")
	flags.StringVar(&f.keyUsage, "key-usage", "clientAuth", "`USAGE`: extended key usage that verifiers want, clientAuth or serverAuth")
	flags.DurationVar(&f.maxStapleAge, "max-staple-age", stapled.DefaultMaxStapleAge, "`DURATION`: greatest age of a staple that verifiers accept")
	cli.InGroup(cmd, "The verifiers", "key-usage", "max-staple-age")
	cli.Complete(cmd, "key-usage", "clientAuth", "serverAuth")
	return cmd
}

// check finds contradictions before anything is read or sent.
func (f doctorFlags) check() error {
	_, known := keyUsages[f.keyUsage]
	switch {
	case f.caURL == "" && f.dir == "" && f.cert == "":
		return cli.Usagef("there is nothing to look at: give --ca-url URL, --dir DIR or --cert FILE")
	case f.caURL != "" && f.root == "" && f.dir == "":
		return cli.Usagef("--root FILE is missing: name the root of the CA at --ca-url")
	case f.cert == "" && f.issuer != "":
		return cli.Usagef("--issuer is the issuer of --cert, which is missing")
	case !known:
		return cli.Usagef("--key-usage %q is neither clientAuth nor serverAuth", f.keyUsage)
	case f.maxStapleAge <= 0:
		return cli.Usagef("--max-staple-age must be greater than 0")
	}
	if f.url != "" {
		if err := ocspclient.CheckURL(f.url); err != nil {
			return cli.Usagef("--url %q: %w", f.url, err)
		}
	}
	if f.dir != "" {
		return cli.CheckDir(f.dir)
	}
	return nil
}

// config reads the files.
func (f doctorFlags) config() (doctor.Config, error) {
	cfg := doctor.Config{CAURL: f.caURL, Dir: f.dir, ResponderURL: f.url, KeyUsage: keyUsages[f.keyUsage], MaxStapleAge: f.maxStapleAge}
	var err error
	if f.root != "" {
		if cfg.Roots, err = certs.LoadChain(f.root); err != nil {
			return doctor.Config{}, fmt.Errorf("%w: give --root a PEM file with CA certificates", err)
		}
	}
	if f.cert == "" {
		return cfg, nil
	}
	if cfg.Leaf, cfg.Issuer, err = (ocspQueryFlags{cert: f.cert, issuer: f.issuer}).certificates(); err != nil {
		return doctor.Config{}, err
	}
	for _, file := range []string{f.cert, f.issuer} {
		if file == "" {
			continue
		}
		others, err := certs.LoadChain(file)
		if err != nil {
			return doctor.Config{}, err
		}
		cfg.Others = append(cfg.Others, others...)
	}
	return cfg, nil
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	cfg, err := f.config()
	if err != nil {
		return err
	}
	cfg.Watch = func(about string, ask func()) { watch(a.Stderr, about, ask) }
	report, err := doctor.Examine(ctx, cfg)
	if err != nil {
		return err
	}
	if a.JSON {
		err = a.PrintJSON(report)
	} else {
		err = a.Print(report.Text(terminal.Of(a.Stdout)))
	}
	switch {
	case err != nil:
		return err
	case report.Result == doctor.Missing:
		return &cli.Rejection{}
	case report.Result != doctor.OK:
		return fmt.Errorf("%s not answered: try again", terminal.Count(report.Count(doctor.Unanswered), "check"))
	}
	return nil
}

// slow is how long a question may take before watch says so.
const slow = time.Second

// watch asks, and says what it is waiting for if that takes long.
func watch(out io.Writer, about string, ask func()) {
	answered, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-answered:
		case <-time.After(slow):
			// If stderr is closed, nobody reads it.
			_, _ = io.WriteString(out, "asking "+terminal.Printable(about)+"...\n")
		}
	}()
	ask()
	close(answered)
	<-watched
}
