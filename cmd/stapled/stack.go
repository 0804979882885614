// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/verifier"
)

// stackConfig is what `stapled up` was asked for. An empty audience and empty
// addresses mean those that the directory keeps, or else echo and free ports.
type stackConfig struct {
	dir, audience                          string
	caAddress, ocspAddress, gatewayAddress string
	metricsAddress, passwordFile           string
	stapleValidity                         time.Duration
	validityGiven                          bool // or else the one that is kept
	log                                    *slog.Logger
}

// stack is a CA with its responder, and an echo service behind a gateway.
type stack struct {
	cfg      stackConfig
	ca       *ca.CA
	metrics  *metrics
	requests *loglimit.Handler // the log for what anybody can cause
	gateway  *service
	exporter *service // nil without --metrics-address

	runCA  sync.WaitGroup
	stopCA context.CancelFunc
}

// isNew tells whether the directory holds no stack yet.
func (c stackConfig) isNew() bool {
	_, err := os.Stat(filepath.Join(c.dir, "config"))
	return errors.Is(err, fs.ErrNotExist)
}

// openStack makes the directory where there is none, opens it, and takes hold
// of every address; nothing answers before start.
func openStack(cfg stackConfig) (_ *stack, err error) {
	s := &stack{cfg: cfg, requests: loglimit.New(cfg.log.Handler())}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	// An address that is taken must not leave a new directory behind. In an old
	// directory the database comes first: if that is locked, the addresses are
	// taken by the very same stack, which is the thing to say.
	isNew := cfg.isNew()
	var kept gatewaySettings
	password, err := readPassword(cfg.passwordFile)
	if err != nil {
		return nil, err
	}
	if isNew {
		if password != nil {
			return nil, usagef("--password-file is for a directory that exists: a new one gets a password of its own")
		}
		s.cfg.fillIn(kept)
		if err := s.listen(); err != nil {
			return nil, err
		}
	}
	if err := ca.Init(cfg.dir, ca.InitConfig{CAAddress: cfg.caAddress, OCSPAddress: cfg.ocspAddress}); err != nil {
		return nil, caAddressError(err, isNew)
	}
	if !isNew {
		if kept, err = cfg.keptGateway(); err != nil {
			return nil, err
		}
		s.cfg.fillIn(kept)
	}
	if s.metrics, err = newMetrics(); err != nil {
		return nil, err
	}
	if !cfg.validityGiven {
		if s.cfg.stapleValidity, err = keptValidity(cfg.dir); err != nil {
			return nil, err
		}
	}
	s.ca, err = ca.Open(cfg.dir, ca.Config{Password: password, StapleValidity: s.cfg.stapleValidity, Logger: cfg.log, Observer: s.metrics})
	if err != nil {
		return nil, caAddressError(err, isNew)
	}
	if err := keepValidity(cfg.dir, s.cfg.stapleValidity, time.Now()); err != nil {
		return nil, err
	}
	if err := lookAtMode(cfg.dir, cfg.log); err != nil {
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
	s.gateway.handle(handler, slog.New(s.requests))
	if s.exporter != nil {
		s.exporter.handle(s.metrics.handler(), slog.New(s.requests))
	}
	if err := s.keepGateway(kept); err != nil {
		return nil, err
	}
	return s, nil
}

// lookAtMode warns of a directory that others can look into. Who may is for its
// owner to decide, such as for a group that backs it up.
func lookAtMode(dir string, log *slog.Logger) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the directory: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		log.Warn(fmt.Sprintf("the directory is open to others (mode %04o): make it private with `chmod 700 %s`", mode, shellQuote(dir)))
	}
	return nil
}

func (s *stack) listen() (err error) {
	if s.gateway, err = listen(s.cfg.gatewayAddress, "--gateway-address"); err != nil {
		return err
	}
	if s.cfg.metricsAddress != "" {
		s.exporter, err = listen(s.cfg.metricsAddress, "--metrics-address")
	}
	return err
}

// protectedEcho is the echo service behind a gateway that trusts this CA.
func (s *stack) protectedEcho() (http.Handler, error) {
	anchors, err := certs.NewAnchors(s.ca.Root())
	if err != nil {
		return nil, fmt.Errorf("trust the root of the CA: %w", err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: s.cfg.audience})
	if err != nil {
		return nil, fmt.Errorf("configure the verifier: %w", err)
	}
	g, err := gateway.New(gateway.Config{Verifier: v, Logger: slog.New(s.requests), Observer: s.metrics.gateway})
	if err != nil {
		return nil, fmt.Errorf("configure the gateway: %w", err)
	}
	return g.Wrap(echo{}), nil
}

// start serves, and tells the first failure.
func (s *stack) start(parent context.Context) <-chan error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	s.stopCA = cancel
	failed := make(chan error, 3)
	s.runCA.Go(func() {
		if err := s.ca.Run(ctx); err != nil {
			failed <- err
		}
	})
	s.gateway.start(failed)
	if s.exporter != nil {
		s.exporter.start(failed)
	}
	return failed
}

// waitHealthy waits until the CA answers as its clients reach it.
func (s *stack) waitHealthy(ctx context.Context, patience time.Duration, failed <-chan error) error {
	client, err := newClient(s.cfg.dir, "")
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

func (s *stack) ready() ready {
	r := ready{
		CAURL: s.ca.URL(), OCSPURL: s.ca.OCSPURL(), GatewayURL: s.gateway.url(),
		Root: s.ca.RootFile(), Dir: s.ca.Dir(), Audience: s.cfg.audience,
		StapleValidity: timetext.Duration(s.cfg.stapleValidity),
	}
	at := s.ca.Addresses()
	r.Listening = map[string]string{"ca": at.CA, "ocsp": at.OCSP, "gateway": s.gateway.address()}
	if at.Insecure != "" {
		r.Listening["insecure"] = at.Insecure
		if s.ca.ServesCRL() {
			r.CRLURL = reachable(at.Insecure) + "/1.0/crl"
		}
	}
	if s.exporter != nil {
		r.MetricsURL = s.exporter.url() + "/metrics"
		r.Listening["metrics"] = s.exporter.address()
	}
	return r
}

// close ends what has been started, in the order in which one needs the other.
func (s *stack) close() error {
	var errs []error
	for _, service := range []*service{s.gateway, s.exporter} {
		if service != nil {
			errs = append(errs, service.close(shutdownGrace))
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

var errNoPort = errors.New("no free port found: name an address")

// listen takes hold of an address; "" and port 0 mean a free port. The port is
// kept for later starts, so it is chosen below the range from which systems
// take ports for outgoing connections (from 32768 on Linux).
func listen(address, flag string) (*service, error) {
	host, port := "127.0.0.1", "0"
	if address != "" {
		var err error
		if host, port, err = net.SplitHostPort(address); err != nil {
			return nil, usagef("%s %q is not HOST:PORT", flag, address)
		}
	}
	if port == "0" {
		return listenAnywhere(host)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(err, address, flag)
	}
	return &service{listener: l}, nil
}
