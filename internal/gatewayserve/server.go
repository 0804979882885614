// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package gatewayserve is the gateway of `stapled gateway`: package gateway with
// a configuration file, listeners for each protocol, reloads, metrics, readiness
// and logs.
package gatewayserve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/internal/service"
	"github.com/stapledjwt/stapled/internal/statuspage"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// Options are what a Server is made with.
type Options struct {
	// Load returns the configuration, at the start and at every reload. Required.
	Load func() (Config, error)
	// Log gets every line that no stranger can cause, and a limited number of the
	// others. Required.
	Log *slog.Logger
	// Version is the version of the program, for the status page.
	Version string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is a gateway with its listeners.
type Server struct {
	load     func() (Config, error)
	log      *slog.Logger
	requests *loglimit.Handler // the log for lines that any caller can cause
	now      func() time.Time

	trust    *trust
	metrics  *metrics
	access   *accessLog
	fronts   []*front
	exporter *service.Service     // nil without a metrics address
	status   *service.Service     // nil without a status address
	seen     *statuspage.Recorder // nil without one, too
	version  string
	started  time.Time

	reload atomic.Pointer[statuspage.Reload]

	current   atomic.Pointer[generation]
	draining  atomic.Bool
	reloading sync.Mutex // held while current changes
}

// Check reports whether a configuration can be used: it reads every file, and
// listens nowhere. It returns what an operator should know.
func Check(cfg Config, log *slog.Logger) error {
	s := &Server{log: log, requests: loglimit.New(slog.DiscardHandler), now: time.Now, trust: new(trust)}
	g, err := s.build(cfg)
	if err != nil {
		return err
	}
	for _, warning := range g.warnings {
		log.Warn(warning)
	}
	g.close()
	return cfg.AccessLog.check()
}

// Open reads the configuration and every file that it names, and then takes the
// addresses. Nothing answers before Start.
func Open(o Options) (_ *Server, err error) {
	s := &Server{load: o.Load, log: o.Log, requests: loglimit.New(o.Log.Handler()), now: o.Now, trust: new(trust), version: o.Version}
	if s.now == nil {
		s.now = time.Now
	}
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	s.started = s.now()
	if cfg.StatusAddress != "" {
		s.seen = statuspage.NewRecorder(s.now)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.metrics, err = newMetrics(s); err != nil {
		return nil, err
	}
	g, err := s.build(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.use(g); err != nil {
		return nil, err
	}
	if s.access, err = openAccessLog(cfg.AccessLog); err != nil {
		return nil, err
	}
	return s, s.listen(cfg)
}

func (s *Server) listen(cfg Config) error {
	for _, f := range cfg.Fronts {
		front, err := s.openFront(f)
		if err != nil {
			return err
		}
		s.fronts = append(s.fronts, front)
	}
	if cfg.StatusAddress != "" {
		if err := s.listenStatus(cfg.StatusAddress); err != nil {
			return err
		}
	}
	if cfg.MetricsAddress == "" {
		return nil
	}
	var err error
	if s.exporter, err = service.Listen(cfg.MetricsAddress, "metrics_address"); err != nil {
		return err
	}
	s.exporter.Handle(s.private(), slog.New(s.requests))
	return nil
}

// Start serves until Close. It sends failures to the channel.
func (s *Server) Start() <-chan error {
	failed := make(chan error, len(s.fronts)+2)
	for _, f := range s.fronts {
		f.start(failed)
	}
	if s.exporter != nil {
		s.exporter.Start(failed)
	}
	if s.status != nil {
		s.status.Start(failed)
	}
	return failed
}

// Reload reads the configuration and every file again, and decides by them. After
// an error, everything goes on as before.
func (s *Server) Reload() error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	err := s.readAgain()
	s.metrics.reloaded(err)
	if err != nil {
		s.loaded(err)
		return err
	}
	s.log.Info("configuration reloaded", "routes", len(s.current.Load().cfg.Routes))
	return nil
}

func (s *Server) readAgain() error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	if err := onlyAtStart(s.current.Load().cfg, cfg); err != nil {
		return err
	}
	next, err := s.build(cfg)
	if err != nil {
		return err
	}
	return s.use(next)
}

// use makes a generation the current one.
func (s *Server) use(g *generation) error {
	if err := s.trust.adopt(g); err != nil {
		g.close()
		return err
	}
	g.base = s.trust.base
	if before := s.current.Swap(g); before != nil {
		before.close()
	}
	for _, warning := range g.warnings {
		s.log.Warn(warning)
	}
	s.loaded(nil)
	return nil
}

// onlyAtStart refuses changes that need a restart.
func onlyAtStart(is, wanted Config) error {
	listeners := func(c Config) string {
		var all []string
		for _, f := range c.Fronts {
			all = append(all, fmt.Sprintf("%s: %s", f.Kind, f.Address))
		}
		return strings.Join(all, ", ")
	}
	for _, k := range []struct{ key, is, wanted string }{
		{"the list of fronts", listeners(is), listeners(wanted)},
		{"metrics_address", is.MetricsAddress, wanted.MetricsAddress},
		{"status", is.StatusAddress, wanted.StatusAddress},
		{"max_staple_age", timetext.Duration(is.MaxStapleAge), timetext.Duration(wanted.MaxStapleAge)},
		{"leeway", timetext.Duration(is.Leeway), timetext.Duration(wanted.Leeway)},
		{"access_log", fmt.Sprint(is.AccessLog), fmt.Sprint(wanted.AccessLog)},
	} {
		if k.is != k.wanted {
			return fmt.Errorf("%s is %s and would be %s: restart to change it, or change it back", k.key, cmp.Or(k.is, "none"), cmp.Or(k.wanted, "none"))
		}
	}
	same := func(a, b Front) bool {
		return (a.Certificate == "") == (b.Certificate == "") && a.RequestClientCertificate == b.RequestClientCertificate && a.MaxConnections == b.MaxConnections
	}
	if !slices.EqualFunc(is.Fronts, wanted.Fronts, same) {
		return errors.New("tls, client_certificates or max_connections of a front would change: restart to change it, or change it back")
	}
	return nil
}

// Drain lets /readyz fail, and then waits for drain_delay, so that load
// balancers notice before the listeners close. It ends early with the context.
func (s *Server) Drain(ctx context.Context) {
	s.draining.Store(true)
	delay := s.current.Load().cfg.DrainDelay
	if delay == 0 {
		return
	}
	s.log.Info("draining: still answering, while readyz fails", "for", delay)
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// Close ends the server in an orderly way: the fronts first, then the metrics.
func (s *Server) Close() error {
	s.draining.Store(true)
	errs := s.closeFronts()
	if s.exporter != nil {
		errs = append(errs, s.exporter.Close(service.ShutdownGrace))
	}
	if s.status != nil {
		errs = append(errs, s.status.Close(service.ShutdownGrace))
	}
	if g := s.current.Load(); g != nil {
		g.close()
	}
	if s.access != nil {
		errs = append(errs, s.access.close())
	}
	s.requests.Flush()
	return errors.Join(errs...)
}

func (s *Server) closeFronts() []error {
	errs := make([]error, len(s.fronts))
	var all sync.WaitGroup
	for i, f := range s.fronts {
		all.Go(func() { errs[i] = f.close(service.ShutdownGrace) })
	}
	all.Wait()
	return errs
}
