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
}

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
why. --check reads every file and ends.

When it answers, it prints the addresses. SIGINT or SIGTERM end it: /readyz
fails, and after drain_delay it finishes the requests in flight and ends with
status 0.`,
		Example: `  stapled gateway --config gateway.yaml --check
  stapled gateway --config gateway.yaml`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.config == "" {
				return cli.Usagef("--config FILE is missing: name the configuration file")
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
	return cmd
}

// load returns the configuration of the file.
func (f gatewayFlags) load() (gatewayserve.Config, error) { return gatewayserve.ReadFile(f.config) }

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
	s, err := gatewayserve.Open(gatewayserve.Options{Load: f.load, Log: log})
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
	for _, name := range ready.Routes {
		p.Field("route", name)
	}
	return a.Print(b.String())
}
