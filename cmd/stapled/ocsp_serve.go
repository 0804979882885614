// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/ocspserve"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

type ocspServeFlags struct {
	config string
	check  bool

	address, metricsAddress, stateDir string
	ca, crl, root, index              string
	certificate, key, passwordFile    string
	validity                          time.Duration
	simple                            []string // the flags of the simplest case that were given
}

func newOCSPServeCommand(a *app) *cobra.Command {
	var f ocspServeFlags
	cmd := &cobra.Command{
		Use:   "serve --config FILE [flags]",
		Short: "Run an OCSP responder beside any CA",
		Long: `Run an OCSP responder for one or more CAs, which stay as they are. What they
have issued and revoked comes from sources: a CRL at a URL or in a file, the SQL
database of a step-ca, or OpenSSL's index.txt. Answers are signed by a delegate
(RFC 6960 §4.2.2.2), so that the CA's key is not on this machine, or by the CA's
own key.

Everything is in a YAML file; docs/ocsp.md has all keys. For one CA with one
source, flags do without the file. --check reads the configuration and every
file that it names, contacts nobody, and ends.

A change of the configuration file, or SIGHUP, reloads it; if it is broken, the
old configuration stays in use, and the log says why. New files of a delegate,
which something else renews, are taken into use without a reload.

/healthz and /readyz answer at the responder's address; with the reasons, and
with /metrics, at the metrics address. /readyz fails well before a source or a
signer runs out.

When it answers, it prints the addresses. It runs until SIGINT or SIGTERM, and
then ends with status 0.`,
		Example: `  stapled ocsp serve --config ocsp.yaml --check
  stapled ocsp serve --config ocsp.yaml

  # One CA, whose CRL is at a URL.
  stapled ocsp serve --address 127.0.0.1:8889 --state-dir /var/lib/stapled-ocsp \
    --ca ca.pem --crl https://ca.example/1.0/crl --root root.pem \
    --certificate delegate.pem --key delegate-key.pem`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range simpleFlags {
				if cmd.Flags().Changed(name) {
					f.simple = append(f.simple, "--"+name)
				}
			}
			if err := givenAddresses(cmd.Flags()); err != nil {
				return err
			}
			if err := f.checkFlags(); err != nil {
				return err
			}
			level := slog.LevelInfo
			if f.check {
				level = slog.LevelWarn
			}
			log, err := a.Logger(level)
			switch {
			case err != nil:
				return err
			case f.check:
				return a.ocspServeCheck(f, log)
			}
			return a.ocspServe(cmd.Context(), f, log)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "`FILE`: configuration file in YAML")
	flags.BoolVar(&f.check, "check", false, "a check of the configuration and its files, without serving")
	flags.StringVar(&f.address, "address", "", "`HOST:PORT`: address of the responder; port 0 means a free one")
	flags.StringVar(&f.metricsAddress, "metrics-address", "", "`HOST:PORT`: address of /metrics, /healthz and /readyz (default none)")
	flags.StringVar(&f.stateDir, "state-dir", "", "`DIR`: directory for what the responder must remember: revocations, and the number of the newest CRL")
	flags.StringVar(&f.ca, "ca", "", "`FILE`: PEM file with the certificate of the CA")
	flags.StringVar(&f.crl, "crl", "", "`URL`: URL of the CA's CRL, or a file with it")
	flags.StringVar(&f.root, "root", "", "`FILE`: PEM file with the root of the server of --crl (default the roots of the system)")
	flags.StringVar(&f.index, "index", "", "`FILE`: OpenSSL's index.txt, in place of --crl")
	flags.StringVar(&f.certificate, "certificate", "", "`FILE`: PEM file with the certificate of a delegate (default: the key is the CA's)")
	flags.StringVar(&f.key, "key", "", "`FILE`: PEM file with the key that signs")
	flags.StringVar(&f.passwordFile, "password-file", "", "`FILE`: file with the password of --key")
	flags.DurationVar(&f.validity, "validity", responder.DefaultValidity, "`DURATION`: time from signing to nextUpdate, in whole seconds; a revoked certificate is good for at most that long, plus the delay of the source")
	cli.InGroup(cmd, "One CA, without a configuration file", simpleFlags...)
	return cmd
}

var simpleFlags = []string{
	"address", "metrics-address", "state-dir", "validity", "ca", "crl", "root", "index", "certificate", "key", "password-file",
}

// checkFlags finds contradictions before any file is read.
func (f ocspServeFlags) checkFlags() error {
	switch {
	case f.config != "" && len(f.simple) > 0:
		return cli.Usagef("%s and --config contradict each other: write it in the file", f.simple[0])
	case f.config != "":
		return nil
	case len(f.simple) == 0:
		return cli.Usagef("--config FILE is missing: name the configuration file, or give --address, --state-dir, --ca, --key, and --crl or --index")
	case f.crl != "" && f.index != "":
		return cli.Usagef("--crl and --index are two sources: write them in a file for --config")
	case f.crl == "" && f.index == "":
		return cli.Usagef("--crl or --index is missing: name what knows the revocations of the CA")
	case f.root != "" && !strings.HasPrefix(f.crl, "https://"):
		return cli.Usagef("--root is for a --crl that begins with https://: leave it out")
	case f.validity < time.Second || f.validity%time.Second != 0:
		return cli.Usagef("--validity %s must be a whole number of seconds, 1s or more: OCSP counts in seconds", timetext.Duration(f.validity))
	}
	for _, required := range []struct{ flag, value string }{
		{"--address HOST:PORT", f.address}, {"--state-dir DIR", f.stateDir}, {"--ca FILE", f.ca}, {"--key FILE", f.key},
	} {
		if required.value == "" {
			return cli.Usagef("%s is missing", required.flag)
		}
	}
	for _, given := range []struct{ flag, address string }{{"--address", f.address}, {"--metrics-address", f.metricsAddress}} {
		if given.address == "" {
			continue
		}
		if err := listenaddr.Check(given.address); err != nil {
			return cli.Usagef("%s %w", given.flag, err)
		}
	}
	return cli.CheckDir(f.stateDir)
}

// load returns the configuration of the file or of the flags.
func (f ocspServeFlags) load() (ocspserve.Config, error) {
	if f.config != "" {
		return ocspserve.ReadFile(f.config)
	}
	source := ocspserve.Source{Index: ocspserve.Index{File: f.index}}
	switch {
	case strings.HasPrefix(f.crl, "http://"), strings.HasPrefix(f.crl, "https://"):
		source.CRL = ocspserve.CRL{URL: f.crl, Root: f.root}
	case f.crl != "":
		source.CRL = ocspserve.CRL{File: f.crl}
	}
	return ocspserve.Config{
		Address: f.address, MetricsAddress: f.metricsAddress, StateDir: f.stateDir, Validity: f.validity,
		Authorities: []ocspserve.Authority{ocspserve.ForFlags(ocspserve.Authority{
			Certificate: f.ca,
			Sources:     []ocspserve.Source{source},
			Signer:      ocspserve.Signer{Certificate: f.certificate, Key: f.key, PasswordFile: f.passwordFile},
		})},
	}, nil
}

func (a *app) ocspServeCheck(f ocspServeFlags, log *slog.Logger) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	if err := ocspserve.Check(cfg, log); err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(map[string]int{"authorities": len(cfg.Authorities)})
	}
	return a.Print("ok: " + terminal.Count(len(cfg.Authorities), "CA") + "\n")
}

func (a *app) ocspServe(parent context.Context, f ocspServeFlags, log *slog.Logger) error {
	// Before the files are read: a signal in between reloads them.
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	ctx, stop := cli.UntilEndSignal(parent)
	defer stop()
	s, err := ocspserve.Open(ctx, ocspserve.Options{Load: f.load, Log: log})
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		log.Info("stopping") // before there was a delegate
		return nil
	case err != nil:
		return err
	}
	failed := s.Start(ctx)
	if ctx.Err() == nil {
		if err := a.printServing(s); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	following, done := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Follow(following, f.config, reload)
	}()
	select {
	case <-ctx.Done():
		// A second signal ends the process at once.
		stop()
		log.Info("stopping")
	case err = <-failed:
	}
	done()
	<-ended
	return errors.Join(err, s.Close())
}

func (a *app) printServing(s *ocspserve.Server) error {
	if a.JSON {
		return a.PrintJSON(struct {
			OCSPURL    string   `json:"ocsp_url"`
			MetricsURL string   `json:"metrics_url,omitempty"`
			CAs        []string `json:"cas"`
		}{s.URL(), s.MetricsURL(), s.CAs()})
	}
	t := terminal.Of(a.Stdout)
	var b strings.Builder
	fmt.Fprintln(&b, t.Paint(terminal.Green, "ready")+t.Paint(terminal.Dim, "  (Ctrl-C ends it)"))
	p := terminal.Page{Terminal: t, Out: &b}
	p.Whole("OCSP", s.URL())
	if url := s.MetricsURL(); url != "" {
		p.Whole("metrics", url)
	}
	for _, ca := range s.CAs() {
		p.Field("CA", ca)
	}
	return a.Print(b.String())
}
