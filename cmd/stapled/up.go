// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/stack"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
)

func newUpCommand(a *app) *cobra.Command {
	var cfg stack.Config
	cmd := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Run a local stack: CA, OCSP responder, gateway, echo service",
		Long: `Run a stack that is kept in a directory: a step-ca, its OCSP responder, and a
gateway that protects an echo service, which answers with the identity and the
claims of its caller as JSON.

The first start creates the directory (mode 0700) with new keys; later starts
reuse it. It keeps the ports that were chosen at the first start, and the
gateway address, audience and staple validity of the last one. The directory is a
step-ca directory: the step and step-ca commands work with it. The directory of
an existing step-ca works too, once config/stapled.json is there. Its files stay
as they are. If its ca.json configures something that stapled does not serve,
that is refused, or logged with its key.

The log has a line for each certificate issued, renewed and revoked.

When everything answers, it prints the addresses. It runs until SIGINT, SIGTERM
or SIGHUP, and then ends with status 0.`,
		Example: `  stapled up --dir ./stack

  # In another terminal; GATEWAY_URL is the address that it prints.
  TOKEN=$(stapled token --dir ./stack --audience echo)
  curl -H "Authorization: Bearer $TOKEN" "$GATEWAY_URL"`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.ValidityGiven = cmd.Flags().Changed("staple-validity")
			if err := givenAddresses(cmd.Flags()); err != nil {
				return err
			}
			if cmd.Flags().Changed("audience") && cfg.Audience == "" {
				return cli.Usagef("--audience is empty: name the audience of the echo service")
			}
			if err := cfg.Check(); err != nil {
				return err
			}
			log, err := a.Logger(slog.LevelInfo)
			if err != nil {
				return err
			}
			cfg.Log = log
			slog.SetDefault(log) // also for what step-ca writes with package log
			return a.up(cmd.Context(), cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&cfg.Dir, "dir", "", "`DIR`: directory of the stack, created at the first start (required)")
	flags.StringVar(&cfg.Audience, "audience", "", "`A`: audience of the echo service (default from the last start, or echo)")
	flags.StringVar(&cfg.PasswordFile, "password-file", "", "`FILE`: file with the password of the CA's keys, for an existing directory (default DIR/secrets/password)")
	flags.StringVar(&cfg.CAAddress, "ca-address", "", "`HOST:PORT`: address of the step-ca API, fixed at the first start (default a free port on 127.0.0.1)")
	flags.StringVar(&cfg.OCSPAddress, "ocsp-address", "", "`HOST:PORT`: address of the OCSP responder, fixed at the first start (default a free port on 127.0.0.1)")
	flags.StringVar(&cfg.GatewayAddress, "gateway-address", "", "`HOST:PORT`: address of the gateway (default from the last start, or a free port on 127.0.0.1)")
	flags.StringVar(&cfg.MetricsAddress, "metrics-address", "", "`HOST:PORT`: address of the Prometheus endpoint /metrics (default none)")
	flags.DurationVar(&cfg.StapleValidity, "staple-validity", 0, "`DURATION`: validity of each staple, in whole seconds; a revoked certificate is accepted for at most that long, or for the greatest age that verifiers permit, which is 1h unless they say otherwise (default from the last start, or 10m)")
	return cmd
}

// givenAddresses refuses an address flag with an empty value, such as from an
// unset shell variable: it does not say where to listen.
func givenAddresses(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if strings.HasSuffix("-"+f.Name, "-address") && f.Value.String() == "" {
			err = cli.Usagef("--%s is empty: write HOST:PORT, or leave it out", f.Name)
		}
	})
	return err
}

func (a *app) up(parent context.Context, cfg stack.Config) error {
	ctx, stop := cli.UntilSignal(parent)
	defer stop()
	s, err := stack.Open(cfg)
	if err != nil {
		return err
	}
	failed := s.Start(ctx)
	const patience = 30 * time.Second
	if err := s.WaitHealthy(ctx, patience, failed); err != nil {
		return errors.Join(err, s.Close())
	}
	if ctx.Err() == nil {
		if err := a.printReady(s); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	select {
	case <-ctx.Done():
		// A second signal ends the process at once.
		stop()
		cfg.Log.Info("stopping")
	case err = <-failed:
	}
	return errors.Join(err, s.Close())
}

func (a *app) printReady(s *stack.Stack) error {
	r := s.Ready()
	if a.JSON {
		return a.PrintJSON(r)
	}
	t := terminal.Of(a.Stdout)
	var b strings.Builder
	b.WriteString(t.Paint(terminal.Green, "ready") + t.Paint(terminal.Dim, "  (Ctrl-C ends it)") + "\n")
	p := terminal.Page{Terminal: t, Out: &b}
	p.Whole("CA", r.CAURL+r.Elsewhere("ca", r.CAURL))
	p.Whole("OCSP", r.OCSPURL+r.Elsewhere("ocsp", r.OCSPURL))
	if address, ok := r.Listening["insecure"]; ok && r.CRLURL != "" {
		p.Whole("CRL", r.CRLURL+r.Elsewhere("insecure", r.CRLURL))
	} else if ok {
		p.Whole("SCEP", "listening on "+address)
	}
	p.Whole("gateway", r.GatewayURL+", audience "+r.Audience+r.Elsewhere("gateway", r.GatewayURL))
	if r.MetricsURL != "" {
		p.Whole("metrics", r.MetricsURL+r.Elsewhere("metrics", r.MetricsURL))
	}
	p.Whole("root", r.Root)
	if v := s.StapleValidity(); v <= stapled.DefaultMaxStapleAge {
		p.Field("staples", "valid for "+timetext.Duration(v)+", the bound on a revocation")
	} else {
		p.Field("staples", "valid for "+timetext.Duration(v)+"; the bound on a revocation is "+timetext.Duration(stapled.DefaultMaxStapleAge)+
			", the greatest age that verifiers accept by default")
	}
	fmt.Fprintf(&b, "\nTry this in another terminal:\n  TOKEN=$(%s token --dir %s --audience %s)\n  curl -H \"Authorization: Bearer $TOKEN\" %s\n",
		cli.ShellQuote(cli.Program()), cli.ShellQuote(r.Dir), cli.ShellQuote(r.Audience), r.GatewayURL)
	return a.Print(b.String())
}
