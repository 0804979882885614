// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspserve is the OCSP responder of `stapled ocsp serve`: package
// responder with a configuration file, sources and signers that are followed
// while it runs, metrics, readiness and logs.
package ocspserve

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/internal/service"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/ledger"
)

// Options are what a Server is made with.
type Options struct {
	// Load returns the configuration, at the start and at every reload. Required.
	Load func() (Config, error)
	// Log gets every line that no stranger can cause, and a limited number of the
	// others. Required.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is an OCSP responder.
type Server struct {
	load     func() (Config, error)
	log      *slog.Logger
	requests *loglimit.Handler // the log for lines that any caller can cause
	now      func() time.Time

	ledger    *ledger.Ledger
	devices   devices
	metrics   *metrics
	responder *responder.Responder
	service   *service.Service
	exporter  *service.Service // nil without a metrics address

	current    atomic.Pointer[generation]
	replacing  sync.Mutex     // held while current or the responder's authorities change
	background sync.WaitGroup // what follows the signers
}

// Check reports whether a configuration can be used: it reads every file, and
// contacts nobody.
func Check(cfg Config, log *slog.Logger) error {
	opened := new(devices)
	g, err := build(context.Background(), cfg, building{
		log: log, now: time.Now, devices: opened,
		took: func(*x509.Certificate) func(time.Duration) { return func(time.Duration) {} },
	})
	if err != nil {
		return errors.Join(err, opened.close())
	}
	if all := g.forResponder(nil, nil); len(all) > 0 {
		_, err = responder.New(responder.Config{Authorities: all, Validity: cfg.Validity})
	}
	return errors.Join(err, g.discard(nil), opened.close())
}

// Open reads the configuration and every file that it names, and then takes the
// addresses. Nothing answers before Start. It may have to obtain a delegate,
// until the context ends.
func Open(ctx context.Context, o Options) (*Server, error) {
	s, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare is Open without the addresses.
func prepare(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{load: o.Load, log: o.Log, requests: loglimit.New(o.Log.Handler()), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.ledger, err = ledger.Open(ledger.Config{Dir: cfg.StateDir, Now: s.now, Logger: s.log}); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(); err != nil {
		return nil, err
	}
	g, err := build(ctx, cfg, s.building(nil))
	if err != nil {
		return nil, err
	}
	s.current.Store(g) // from here on, Close ends it
	s.responder, err = responder.New(responder.Config{
		Authorities: g.forResponder(nil, nil), Validity: cfg.Validity, Now: s.now,
		Logger: slog.New(s.requests), Observer: s.metrics,
	})
	if err != nil {
		return nil, err
	}
	s.metrics.serve(g.authorities)
	return s, s.metrics.register(gauges{s})
}

func (s *Server) building(before *generation) building {
	return building{log: s.log, now: s.now, ledger: s.ledger, before: before, devices: &s.devices, took: s.metrics.took}
}

func (s *Server) listen() (err error) {
	cfg := s.current.Load().cfg
	if s.service, err = service.Listen(cfg.Address, "address"); err != nil {
		return err
	}
	s.service.Handle(s.public(), slog.New(s.requests))
	if cfg.MetricsAddress == "" {
		return nil
	}
	if s.exporter, err = service.Listen(cfg.MetricsAddress, "metrics_address"); err != nil {
		return err
	}
	s.exporter.Handle(s.private(), slog.New(s.requests))
	return nil
}

func (s *Server) validity() time.Duration {
	if v := s.current.Load().cfg.Validity; v != 0 {
		return v
	}
	return responder.DefaultValidity
}

func (s *Server) accessLog() bool { return s.current.Load().cfg.AccessLog }

// Start looks at every source, and then serves. It sends failures to the
// channel. A source that does not answer is no failure: the responder answers
// tryLater until it does.
func (s *Server) Start(ctx context.Context) <-chan error {
	g := s.current.Load()
	if err := g.refresh(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("a source has no list yet: the answers of its CA are tryLater until it has", "error", err)
	}
	s.follow(g)
	failed := make(chan error, 2)
	s.service.Start(failed)
	if s.exporter != nil {
		s.exporter.Start(failed)
	}
	return failed
}

// follow follows the sources and signers of a generation.
func (s *Server) follow(g *generation) {
	for _, f := range g.feeds {
		f.start(s.log)
	}
	for _, a := range g.authorities {
		signer := a.signer
		if signer.follow == nil || signer.stop != nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		signer.stop = cancel
		s.background.Go(func() {
			err := signer.follow(ctx, func(_ context.Context, id *certs.Identity) error { return s.useSigner(signer, id) })
			if err != nil && ctx.Err() == nil {
				s.log.Error("OCSP signer is no longer followed", "issuer", a.name, "error", err)
			}
		})
	}
}

// errReplaced means that a reload has replaced a signer.
var errReplaced = errors.New("the configuration has been reloaded")

// useSigner makes the authority of a signer sign with another certificate and
// key.
func (s *Server) useSigner(signer *signer, id *certs.Identity) error {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	g := s.current.Load()
	i := slices.IndexFunc(g.authorities, func(a *authority) bool { return a.signer == signer })
	if i < 0 {
		return errReplaced
	}
	a := g.authorities[i]
	if err := s.responder.Replace(g.forResponder(a, id)...); err != nil {
		s.metrics.reloads.WithLabelValues(resultFailed).Inc()
		return err
	}
	a.use(id)
	s.metrics.reloads.WithLabelValues(resultDone).Inc()
	s.log.Info("OCSP signer replaced", "issuer", a.name, "serial", fmt.Sprintf("%#x", id.Leaf().SerialNumber), "not_after", timetext.Stamp(id.Leaf().NotAfter))
	return nil
}

// Reload reads the configuration and every file again, and answers by them. After
// an error, everything goes on as before. Sources that stay the same keep what
// they have; a new one must have answered first.
func (s *Server) Reload(ctx context.Context) error {
	s.replacing.Lock()
	defer s.replacing.Unlock()
	next, err := s.reload(ctx)
	if err != nil {
		s.metrics.reloads.WithLabelValues(resultFailed).Inc()
		return err
	}
	s.metrics.reloads.WithLabelValues(resultDone).Inc()
	s.log.Info("configuration reloaded", "authorities", len(next.authorities))
	return nil
}

func (s *Server) reload(ctx context.Context) (*generation, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	before := s.current.Load()
	if err := onlyAtStart(before.cfg, cfg); err != nil {
		return nil, err
	}
	next, err := build(ctx, cfg, s.building(before))
	if err != nil {
		return nil, err
	}
	err = next.refresh(ctx)
	if err == nil {
		err = s.responder.Replace(next.forResponder(nil, nil)...)
	}
	if err != nil {
		return nil, errors.Join(err, next.discard(before))
	}
	s.current.Store(next)
	s.metrics.serve(next.authorities)
	if err := before.retire(next); err != nil {
		s.log.Warn("a source that is no longer used did not close", "error", err)
	}
	s.follow(next)
	return next, nil
}

// onlyAtStart refuses changes that need a restart.
func onlyAtStart(is, wanted Config) error {
	for _, k := range []struct{ key, is, wanted string }{
		{"address", is.Address, wanted.Address},
		{"metrics_address", is.MetricsAddress, wanted.MetricsAddress},
		{"state_dir", is.StateDir, wanted.StateDir},
		{"validity", timetext.Duration(is.Validity), timetext.Duration(wanted.Validity)},
		{"access_log", fmt.Sprint(is.AccessLog), fmt.Sprint(wanted.AccessLog)},
	} {
		if k.is != k.wanted {
			return fmt.Errorf("%s is %q and would be %q: restart to change it, or change it back", k.key, k.is, k.wanted)
		}
	}
	return nil
}

// Close ends the server in an orderly way: requests in flight first, then the
// sources, then the ledger.
func (s *Server) Close() error {
	var errs []error
	for _, server := range []*service.Service{s.service, s.exporter} {
		if server != nil {
			errs = append(errs, server.Close(service.ShutdownGrace))
		}
	}
	if g := s.current.Load(); g != nil {
		errs = append(errs, g.retire(nil))
	}
	s.background.Wait()
	errs = append(errs, s.devices.close())
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	s.requests.Flush()
	return errors.Join(errs...)
}
