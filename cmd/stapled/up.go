// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// defaultAudience is whom the echo service takes itself for.
const defaultAudience = "echo"

// ready is what `stapled up` prints once everything answers.
type ready struct {
	CAURL      string `json:"ca_url"`
	OCSPURL    string `json:"ocsp_url"`
	GatewayURL string `json:"gateway_url"`
	Root       string `json:"root"`
	Dir        string `json:"dir"`
	Audience   string `json:"audience"`
	// Listening are the addresses on which it listens, by server: ca, ocsp,
	// gateway, and insecure and metrics where they are on.
	Listening map[string]string `json:"listening"`
	// StapleValidity is as --staple-validity takes it.
	StapleValidity string `json:"staple_validity"`
	MetricsURL     string `json:"metrics_url,omitempty"`
	// CRLURL is at the insecureAddress of ca.json, if that serves the CRL.
	CRLURL string `json:"crl_url,omitempty"`
}

func newUpCommand(a *app) *cobra.Command {
	var cfg stackConfig
	cmd := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Run a local stack: CA, OCSP responder, gateway, echo service",
		Long: `Run a stack that is kept in a directory: a step-ca, its OCSP responder, and a
gateway that protects an echo service, which answers with the identity and the
claims of its caller as JSON.

The first start makes the directory (mode 0700) with new keys; later starts go
on with it. Free ports are chosen at the first start and kept, and so are the
audience and the validity of staples. The directory is a step-ca directory: the
step and step-ca commands work with it. That of an existing step-ca will do as
well, once config/stapled.json is there. It stays as it is, and what its ca.json
configures and stapled does not serve is refused or logged by its key.

The log has a line for each certificate issued, renewed and revoked.

It runs until SIGINT, SIGTERM or SIGHUP, and then ends with status 0. When
everything answers, it prints the addresses.`,
		Example: `  stapled up --dir ./stack

  # In another terminal; GATEWAY_URL is the address that it prints.
  TOKEN=$(stapled token --dir ./stack --audience echo)
  curl -H "Authorization: Bearer $TOKEN" "$GATEWAY_URL"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.validityGiven = cmd.Flags().Changed("staple-validity")
			if err := givenAddresses(cmd.Flags()); err != nil {
				return err
			}
			if cmd.Flags().Changed("audience") && cfg.audience == "" {
				return usagef("--audience is empty: say whom tokens for the echo service name")
			}
			if err := cfg.check(); err != nil {
				return err
			}
			log, err := a.logger(slog.LevelInfo)
			if err != nil {
				return err
			}
			cfg.log = log
			slog.SetDefault(log) // also for what step-ca writes with package log
			return a.up(cmd.Context(), cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&cfg.dir, "dir", "", "keep the stack in this `DIR` (required)")
	flags.StringVar(&cfg.audience, "audience", "", "protect the echo service as the audience `A` (default echo, kept)")
	flags.StringVar(&cfg.passwordFile, "password-file", "", "read the password of the CA's keys from this `FILE` (default DIR/secrets/password)")
	flags.StringVar(&cfg.caAddress, "ca-address", "", "serve the step-ca API on this `HOST:PORT` (default a free port on 127.0.0.1, kept)")
	flags.StringVar(&cfg.ocspAddress, "ocsp-address", "", "serve OCSP on this `HOST:PORT` (default a free port on 127.0.0.1, kept)")
	flags.StringVar(&cfg.gatewayAddress, "gateway-address", "", "serve the gateway on this `HOST:PORT` (default a free port on 127.0.0.1, kept)")
	flags.StringVar(&cfg.metricsAddress, "metrics-address", "", "serve Prometheus /metrics on this `HOST:PORT` (default off)")
	flags.DurationVar(&cfg.stapleValidity, "staple-validity", 0, "make staples valid for this `DURATION` of whole seconds: the bound on a revocation, up to the age that verifiers permit, by default 1h (default 10m, kept)")
	return cmd
}

// check finds mistakes before anything is made.
func (c stackConfig) check() error {
	switch {
	case c.dir == "":
		return usagef("--dir DIR is missing: name a new directory, or the one of a stack")
	case c.validityGiven && (c.stapleValidity < time.Second || c.stapleValidity%time.Second != 0):
		return usagef("--staple-validity %s is not a whole number of seconds from 1s on: OCSP counts in seconds", timetext.Duration(c.stapleValidity))
	}
	taken := make(map[string]string)
	for _, f := range []struct{ name, address string }{
		{"--ca-address", c.caAddress}, {"--ocsp-address", c.ocspAddress},
		{"--gateway-address", c.gatewayAddress}, {"--metrics-address", c.metricsAddress},
	} {
		if f.address == "" {
			continue
		}
		if err := listenaddr.Check(f.address); err != nil {
			return usagef("%s %w", f.name, err)
		}
		_, port, err := net.SplitHostPort(f.address)
		if err != nil {
			return usagef("%s %q is not HOST:PORT", f.name, f.address)
		}
		if other, twice := taken[f.address]; twice && port != "0" {
			return usagef("%s and %s are both %s: give each an address of its own", other, f.name, f.address)
		}
		taken[f.address] = f.name
	}
	return checkDir(c.dir)
}

// givenAddresses refuses an empty address that was given, such as by a variable
// of the shell that is not set: nobody has said where to listen.
func givenAddresses(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if strings.HasSuffix(f.Name, "-address") && f.Value.String() == "" {
			err = usagef("--%s is empty: write HOST:PORT, or leave it out", f.Name)
		}
	})
	return err
}

func (a *app) up(parent context.Context, cfg stackConfig) error {
	if parent == nil {
		parent = context.Background()
	}
	ctx, stop := signal.NotifyContext(parent, endSignals()...)
	defer stop()
	// A reader of the log that has gone must not end the process in the middle of
	// something.
	signal.Ignore(syscall.SIGPIPE)
	s, err := openStack(cfg)
	if err != nil {
		return err
	}
	failed := s.start(ctx)
	const patience = 30 * time.Second
	if err := s.waitHealthy(ctx, patience, failed); err != nil {
		return errors.Join(err, s.close())
	}
	if ctx.Err() == nil {
		if err := a.printReady(s); err != nil {
			return errors.Join(err, s.close())
		}
	}
	select {
	case <-ctx.Done():
		// A second signal ends the process at once.
		stop()
		cfg.log.Info("stopping")
	case err = <-failed:
	}
	return errors.Join(err, s.close())
}

func (a *app) printReady(s *stack) error {
	r := s.ready()
	if a.json {
		return a.printJSON(r)
	}
	t := terminalOf(a.stdout)
	var b strings.Builder
	b.WriteString(t.paint(green, "ready") + t.paint(dim, "  (Ctrl-C ends it)") + "\n")
	p := page{terminal: t, out: &b}
	p.whole("CA", r.CAURL+r.elsewhere("ca", r.CAURL))
	p.whole("OCSP", r.OCSPURL+r.elsewhere("ocsp", r.OCSPURL))
	if address, ok := r.Listening["insecure"]; ok && r.CRLURL != "" {
		p.whole("CRL", r.CRLURL+r.elsewhere("insecure", r.CRLURL))
	} else if ok {
		p.whole("SCEP", "listening on "+address)
	}
	p.whole("gateway", r.GatewayURL+", audience "+r.Audience+r.elsewhere("gateway", r.GatewayURL))
	if r.MetricsURL != "" {
		p.whole("metrics", r.MetricsURL+r.elsewhere("metrics", r.MetricsURL))
	}
	p.whole("root", r.Root)
	if v := s.cfg.stapleValidity; v <= stapled.DefaultMaxStapleAge {
		p.field("staples", "valid for "+timetext.Duration(v)+", the bound on a revocation")
	} else {
		p.field("staples", "valid for "+timetext.Duration(v)+"; the bound on a revocation is "+timetext.Duration(stapled.DefaultMaxStapleAge)+
			", the age up to which verifiers take them by default")
	}
	fmt.Fprintf(&b, "\nTry this in another terminal:\n  TOKEN=$(%s token --dir %s --audience %s)\n  curl -H \"Authorization: Bearer $TOKEN\" %s\n",
		shellQuote(program()), shellQuote(r.Dir), shellQuote(r.Audience), r.GatewayURL)
	return a.print(b.String())
}

// elsewhere says where a server listens if its URL does not.
func (r ready) elsewhere(server, at string) string {
	u, err := url.Parse(at)
	if err == nil && u.Host == r.Listening[server] {
		return ""
	}
	return ", listening on " + r.Listening[server]
}

// program is how to call this program again: by its name, if that finds this
// very file, and else as it was called.
func program() string {
	const name = "stapled"
	self, selfErr := os.Executable()
	found, err := exec.LookPath(name)
	if selfErr != nil || err != nil {
		return os.Args[0]
	}
	this, thisErr := os.Stat(self)
	that, err := os.Stat(found)
	if thisErr != nil || err != nil || !os.SameFile(this, that) {
		return os.Args[0]
	}
	return name
}

// shellQuote quotes a word for the shell, if it needs it.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
