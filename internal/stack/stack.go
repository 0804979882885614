// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package stack runs the local stack of `stapled up`: a step-ca with its OCSP
// responder, and an echo service behind a gateway. It also provides what other
// commands find in a stack's directory: a client for its CA, the identities
// kept there, and the bound on a revocation.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/echo"
	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/internal/service"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/verifier"
)

// Stack is a CA with its responder, and an echo service behind a gateway.
type Stack struct {
	cfg      Config
	ca       *ca.CA
	metrics  *metrics
	requests *loglimit.Handler // the log for lines that any caller can cause
	gateway  *service.Service
	exporter *service.Service // nil without --metrics-address

	runCA  sync.WaitGroup
	stopCA context.CancelFunc
}

// Open creates the directory if it does not exist, opens it, and takes every
// address; nothing answers before Start.
func Open(cfg Config) (_ *Stack, err error) {
	s := &Stack{cfg: cfg, requests: loglimit.New(cfg.Log.Handler())}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// For a new directory, take the addresses first: if one is in use, no directory
	// is left behind. For an existing one, open the database first: if it is
	// locked, this very stack is running and holds the addresses, and that is the
	// error to report.
	isNew := cfg.isNew()
	password, err := cli.ReadPassword(cfg.PasswordFile)
	if err != nil {
		return nil, err
	}
	if isNew {
		if password != nil {
			return nil, cli.Usagef("--password-file is for an existing directory: a new one gets its own password")
		}
		s.cfg.fillIn(kept{})
		if err := s.listen(); err != nil {
			return nil, err
		}
	}
	if err := ca.Init(cfg.Dir, ca.InitConfig{CAAddress: cfg.CAAddress, OCSPAddress: cfg.OCSPAddress}); err != nil {
		return nil, caAddressError(err, isNew)
	}
	before, err := readKept(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s.cfg.fillIn(before)
	if s.metrics, err = newMetrics(); err != nil {
		return nil, err
	}
	s.ca, err = ca.Open(cfg.Dir, ca.Config{Password: password, StapleValidity: s.cfg.StapleValidity, Logger: cfg.Log, Observer: s.metrics})
	if err != nil {
		return nil, caAddressError(err, isNew)
	}
	if err := lookAtMode(cfg.Dir, cfg.Log); err != nil {
		return nil, err
	}
	if !isNew {
		if err := s.listen(); err != nil {
			return nil, err
		}
	}
	handler, err := s.protectedEcho()
	if err != nil {
		return nil, err
	}
	s.gateway.Handle(handler, slog.New(s.requests))
	if s.exporter != nil {
		s.exporter.Handle(s.metrics.handler(), slog.New(s.requests))
	}
	// Before the first staple is issued.
	now := before.next(s.gateway.Address(), s.cfg.Audience, s.cfg.StapleValidity, time.Now())
	if err := now.write(cfg.Dir); err != nil {
		return nil, err
	}
	return s, nil
}

// lookAtMode warns about a directory that others can read. That may be the
// owner's choice, for example for a group that makes backups.
func lookAtMode(dir string, log *slog.Logger) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the directory: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		log.Warn(fmt.Sprintf("the directory is open to others (mode %04o): make it private with `chmod 700 %s`", mode, cli.ShellQuote(dir)))
	}
	return nil
}

func (s *Stack) listen() (err error) {
	if s.gateway, err = service.Listen(s.cfg.GatewayAddress, "--gateway-address"); err != nil {
		return err
	}
	if s.cfg.MetricsAddress != "" {
		s.exporter, err = service.Listen(s.cfg.MetricsAddress, "--metrics-address")
	}
	return err
}

// protectedEcho returns the echo service behind a gateway that trusts this CA.
func (s *Stack) protectedEcho() (http.Handler, error) {
	anchors, err := certs.NewAnchors(s.ca.Root())
	if err != nil {
		return nil, fmt.Errorf("trust the root of the CA: %w", err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: s.cfg.Audience})
	if err != nil {
		return nil, fmt.Errorf("configure the verifier: %w", err)
	}
	g, err := gateway.New(gateway.Config{Verifier: v, Logger: slog.New(s.requests), Observer: s.metrics.gateway})
	if err != nil {
		return nil, fmt.Errorf("configure the gateway: %w", err)
	}
	return g.Wrap(echo.Handler{}), nil
}

// Start serves, and sends failures to the channel.
func (s *Stack) Start(parent context.Context) <-chan error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	s.stopCA = cancel
	failed := make(chan error, 3)
	s.runCA.Go(func() {
		if err := s.ca.Run(ctx); err != nil {
			failed <- err
		}
	})
	s.gateway.Start(failed)
	if s.exporter != nil {
		s.exporter.Start(failed)
	}
	return failed
}

// WaitHealthy waits until the CA answers at the address that its clients use.
func (s *Stack) WaitHealthy(ctx context.Context, patience time.Duration, failed <-chan error) error {
	client, err := NewClient(s.cfg.Dir, "")
	if err != nil {
		return err
	}
	timeout, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		err := client.Health(timeout)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-timeout.Done():
			return err
		case <-retry.C:
		}
	}
}

// StapleValidity returns how long the responder's staples are valid.
func (s *Stack) StapleValidity() time.Duration { return s.cfg.StapleValidity }

// Ready returns where the stack answers.
func (s *Stack) Ready() Ready {
	r := Ready{
		CAURL: s.ca.URL(), OCSPURL: s.ca.OCSPURL(), GatewayURL: s.gateway.URL(),
		Root: s.ca.RootFile(), Dir: s.ca.Dir(), Audience: s.cfg.Audience,
		StapleValidity: timetext.Duration(s.cfg.StapleValidity),
	}
	at := s.ca.Addresses()
	r.Listening = map[string]string{"ca": at.CA, "ocsp": at.OCSP, "gateway": s.gateway.Address()}
	if at.Insecure != "" {
		r.Listening["insecure"] = at.Insecure
		if s.ca.ServesCRL() {
			r.CRLURL = service.URL(at.Insecure) + "/1.0/crl"
		}
	}
	if s.exporter != nil {
		r.MetricsURL = s.exporter.URL() + "/metrics"
		r.Listening["metrics"] = s.exporter.Address()
	}
	return r
}

// Close ends what was started, each part before those that it needs.
func (s *Stack) Close() error {
	var errs []error
	for _, server := range []*service.Service{s.gateway, s.exporter} {
		if server != nil {
			errs = append(errs, server.Close(service.ShutdownGrace))
		}
	}
	if s.stopCA != nil {
		s.stopCA()
		s.runCA.Wait()
	}
	if s.ca != nil {
		errs = append(errs, s.ca.Close())
	}
	s.requests.Flush()
	return errors.Join(errs...)
}
