// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/loglimit"
)

// service is an HTTP server on an address that is held already.
type service struct {
	listener net.Listener
	server   *http.Server
	log      *slog.Logger // of the server
}

func listenAnywhere(host string) (*service, error) {
	const firstPort, ports, attempts = 20000, 10000, 50
	var last error
	for range attempts {
		address := net.JoinHostPort(host, strconv.Itoa(firstPort+rand.IntN(ports)))
		l, err := net.Listen("tcp", address)
		if err == nil {
			return &service{listener: l}, nil
		}
		if last = err; !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, fmt.Errorf("listen on %s: %w: %w", host, last, errNoPort)
}

// caAddressError names the flag where an address of the CA is in use. That of
// an old directory is in its certificates and cannot be chosen again.
func caAddressError(err error, isNew bool) error {
	var inUse *ca.AddressError
	if !errors.As(err, &inUse) {
		return err
	}
	if inUse.Server == ca.InsecureServer {
		return fmt.Errorf("address %s is in use: stop what listens there, or choose another with the key insecureAddress in config/ca.json", inUse.Address)
	}
	flag := "--ca-address"
	if inUse.Server == ca.OCSPServer {
		flag = "--ocsp-address"
	}
	if isNew {
		return listenError(err, inUse.Address, flag)
	}
	return fmt.Errorf("address %s is in use: stop what listens there, or make a new stack (this one keeps its %s)", inUse.Address, flag)
}

func listenError(err error, address, flag string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("address %s is in use: stop what listens there, or choose another with %s", address, flag)
	}
	return fmt.Errorf("%w: choose another address with %s", err, flag)
}

func (s *service) address() string { return s.listener.Addr().String() }

// url is the service as this machine reaches it.
func (s *service) url() string { return reachable(s.address()) }

// reachable is the URL of an address on which something listens.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (s *service) handle(h http.Handler, log *slog.Logger) {
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

func (s *service) start(failed chan<- error) {
	go func() {
		if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", s.address(), err)
		}
	}()
}

// shutdownGrace is how long requests in flight may take to end.
const shutdownGrace = 5 * time.Second

// close ends the service in an orderly way. Whoever still holds a request open
// after the grace period, which anybody who reaches the port can do, is cut off.
func (s *service) close(grace time.Duration) error {
	if s.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := s.server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			s.log.Warn("requests cut off", "address", s.address(), "after", grace)
			err = s.server.Close()
		}
		if err != nil {
			return fmt.Errorf("stop serving %s: %w", s.address(), err)
		}
	}
	// Without a server, or where it has not served, the listener is still open.
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop listening on %s: %w", s.address(), err)
	}
	return nil
}
