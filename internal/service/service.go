// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package service runs an HTTP server on an address that it holds from the
// start, and ends it in an orderly way.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/stapledjwt/stapled/internal/loglimit"
)

// Service is an HTTP server on an address that it already holds.
type Service struct {
	Listener net.Listener
	server   *http.Server
	log      *slog.Logger // of the server
}

// Address returns HOST:PORT.
func (s *Service) Address() string { return s.Listener.Addr().String() }

// URL returns the URL at which this machine reaches the service.
func (s *Service) URL() string { return URL(s.Address()) }

// URL returns the URL of an address on which something listens.
func URL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Handle sets the handler for requests. Call it before Start.
func (s *Service) Handle(h http.Handler, log *slog.Logger) {
	s.log = log
	s.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          loglimit.New(log.Handler()).ErrorLog(slog.LevelDebug, "connection failed"),
	}
}

// Start serves until Close. If serving fails, it sends the error.
func (s *Service) Start(failed chan<- error) {
	go func() {
		if err := s.server.Serve(s.Listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", s.Address(), err)
		}
	}()
}

// ShutdownGrace is how long requests in flight may take to finish.
const ShutdownGrace = 5 * time.Second

// Close ends the service in an orderly way. After the grace period it cuts off
// requests that are still open: any caller could hold one open.
func (s *Service) Close(grace time.Duration) error {
	if s.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := s.server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Warn("requests cut off", "address", s.Address(), "after", grace)
			err = s.server.Close()
		}
		if err != nil {
			return fmt.Errorf("stop serving %s: %w", s.Address(), err)
		}
	}
	// If no server was set, or it never served, the listener is still open.
	if err := s.Listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop listening on %s: %w", s.Address(), err)
	}
	return nil
}
