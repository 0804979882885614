// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/gatewayserve"
	"github.com/stapledjwt/stapled/internal/terminal"
)

type gatewayFlags struct {
	config string
	check  bool
	explainFlags

	forwardAuth, metricsAddress, audience string
	anchors, callers                      []string
	simple                                []string // the flags of the simplest case that were given
}

// gatewaySimple are the flags of the simplest case.
var gatewaySimple = []string{"forward-auth", "metrics-address", "anchor", "audience", "callers"}

func newGatewayCommand(a *app) *cobra.Command {
	var f gatewayFlags
	cmd := &cobra.Command{
		Use:   "gateway --config FILE [flags]",
		Short: "Check tokens for the gateway that you run",
		Long: `Check tokens for nginx, HAProxy, Caddy, Traefik or Envoy, or be the gateway: a
reverse proxy. One policy file says which requests need which token, and who may
call.

A change of the configuration file or of a file that it names, or SIGHUP, reloads
all of them; if one is broken, everything that is in use stays, and the log says
why. Addresses, TLS on or off, client_certificates, max_connections, access_log,
max_staple_age and leeway need a restart.

--check reads every file that the configuration names and ends; it opens no
access_log. --explain says for one request which route and
which rule decide, and what would be answered; it exits with 1 if the request
would be refused. --test does so for a file of cases with the expected answers.

When it answers, it prints the addresses. SIGINT or SIGTERM end it: /readyz
fails, and after drain_delay it finishes the requests in flight and ends with
status 0.`,
		Example: `  stapled gateway --config gateway.yaml --check
  stapled gateway --config gateway.yaml

  # One policy for everything behind nginx, without a file.
  stapled gateway --forward-auth 127.0.0.1:9100 --anchor root.pem \
    --audience billing --callers any

  # Why is this token refused?
  stapled gateway --config gateway.yaml --explain --token-file token.jwt \
    --method POST --url https://billing.internal/orders`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range gatewaySimple {
				if cmd.Flags().Changed(name) {
					f.simple = append(f.simple, "--"+name)
				}
			}
			if err := f.checkFlags(); err != nil {
				return err
			}
			if err := f.explainFlags.check(cmd.Flags().Changed, f.check); err != nil {
				return err
			}
			switch {
			case f.explain:
				return a.gatewayExplain(f)
			case f.test != "":
				return a.gatewayTest(f)
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
				return a.gatewayCheck(f, log)
			}
			return a.gateway(cmd.Context(), f, log)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "`FILE`: configuration file in YAML")
	flags.BoolVar(&f.check, "check", false, "a check of the configuration and its files, without serving")
	flags.StringVar(&f.forwardAuth, "forward-auth", "", "`HOST:PORT`: address that gateways ask, or unix:PATH")
	flags.StringVar(&f.metricsAddress, "metrics-address", "", "`HOST:PORT`: address of /metrics, /healthz and /readyz (default none)")
	flags.StringArrayVar(&f.anchors, "anchor", nil, "`FILE`: PEM file with trusted CA certificates, as for stapled verify; may be repeated")
	flags.StringVar(&f.audience, "audience", "", "`A`: audience that tokens must name")
	flags.StringArrayVar(&f.callers, "callers", nil, "`ISSUER`: issuer to let in, or any; may be repeated")
	flags.BoolVar(&f.explain, "explain", false, "an explanation of one decision, without serving")
	flags.StringVar(&f.test, "test", "", "`CASES`: file with cases to decide and the expected answers, without serving")
	flags.StringVar(&f.tokenFile, "token-file", "", "`FILE`: file with the token of the request (default none)")
	flags.StringVar(&f.method, "method", "GET", "`METHOD`: method of the request")
	flags.StringVar(&f.url, "url", "", "`URL`: absolute URL of the request")
	flags.StringVar(&f.peer, "peer", "", "`FILE`: PEM file with the certificate of the TLS client (default none)")
	flags.StringVar(&f.at, "at", "", "`TIME`: time of the request (default now)")
	cli.InGroup(cmd, "One policy, without a file", gatewaySimple...)
	cli.InGroup(cmd, "The request to explain", explainNames...)
	cli.CompleteBy(cmd, "anchor", completeAnchor)
	return cmd
}

// checkFlags finds contradictions before any file is read.
func (f gatewayFlags) checkFlags() error {
	switch {
	case f.config != "" && len(f.simple) > 0:
		return cli.Usagef("%s and --config contradict each other: write it in the file", f.simple[0])
	case f.config != "":
		return nil
	case len(f.simple) == 0:
		return cli.Usagef("--config FILE is missing: name the configuration file, or give --forward-auth, --anchor, --audience and --callers")
	}
	for _, required := range []struct {
		flag  string
		given bool
	}{
		{"--forward-auth HOST:PORT", f.forwardAuth != ""}, {"--anchor FILE", len(f.anchors) > 0},
		{"--audience A", f.audience != ""}, {"--callers ISSUER, or any,", len(f.callers) > 0},
	} {
		if !required.given {
			return cli.Usagef("%s is missing", required.flag)
		}
	}
	return nil
}

// load returns the configuration of the file or of the flags.
func (f gatewayFlags) load() (gatewayserve.Config, error) {
	if f.config != "" {
		return gatewayserve.ReadFile(f.config)
	}
	anchors, err := parseAnchors(f.anchors)
	if err != nil {
		return gatewayserve.Config{}, err
	}
	cfg, err := gatewayserve.ForFlags(f.forwardAuth, f.metricsAddress, anchors, f.audience, f.callers)
	if err != nil {
		return gatewayserve.Config{}, cli.Usagef("%w", err)
	}
	return cfg, nil
}

func (a *app) gatewayCheck(f gatewayFlags, log *slog.Logger) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	if err := gatewayserve.Check(cfg, log); err != nil {
		return err
	}
	if a.JSON {
		return a.PrintJSON(map[string]int{"routes": len(cfg.Routes)})
	}
	return a.Print("ok: " + terminal.Count(len(cfg.Routes), "route") + "\n")
}

func (a *app) gateway(parent context.Context, f gatewayFlags, log *slog.Logger) error {
	// Before the files are read: a signal in between reloads them.
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	ctx, stop := cli.UntilEndSignal(parent)
	defer stop()
	s, err := gatewayserve.Open(gatewayserve.Options{Load: f.load, Log: log, Version: readBuildInfo().Version})
	if err != nil {
		return err
	}
	failed := s.Start()
	if ctx.Err() == nil {
		if err := a.printGateway(s.Ready()); err != nil {
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
		s.Drain(context.Background())
		log.Info("stopping")
	case err = <-failed:
	}
	done()
	<-ended
	return errors.Join(err, s.Close())
}

func (a *app) printGateway(ready gatewayserve.Ready) error {
	if a.JSON {
		return a.PrintJSON(ready)
	}
	t := terminal.Of(a.Stdout)
	var b strings.Builder
	fmt.Fprintln(&b, t.Paint(terminal.Green, "ready")+t.Paint(terminal.Dim, "  (Ctrl-C ends it)"))
	p := terminal.Page{Terminal: t, Out: &b}
	for _, kind := range slices.Sorted(maps.Keys(ready.Fronts)) {
		p.Whole(kind, ready.Fronts[kind])
	}
	if ready.MetricsURL != "" {
		p.Whole("metrics", ready.MetricsURL)
	}
	if ready.StatusURL != "" {
		p.Whole("status", ready.StatusURL)
	}
	for _, name := range ready.Routes {
		p.Field("route", name)
	}
	return a.Print(b.String())
}
