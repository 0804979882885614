// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/listenaddr"
)

const loopback = "127.0.0.1"

// Ports that a CA keeps for years come from below the range that systems assign
// to outgoing connections (from 32768 on Linux, 49152 elsewhere). A port from
// that range would sooner or later be taken when the CA restarts.
const firstPort, portCount = 20000, 10000

// pickAddress returns addr with a free port in place of port 0. The listener
// holds the port until the caller has chosen all of its addresses.
func pickAddress(addr string, server Server) (string, net.Listener, error) {
	if addr == "" {
		addr = net.JoinHostPort(loopback, "0")
	}
	if err := listenaddr.Check(addr); err != nil {
		return "", nil, stapled.Errorf(stapled.ConfigInvalid, "%s address %w", server, err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", nil, stapled.Errorf(stapled.ConfigInvalid, "address %q is not HOST:PORT: %w", addr, err)
	}
	if port == "0" {
		for range 20 {
			candidate := net.JoinHostPort(host, strconv.Itoa(firstPort+rand.IntN(portCount)))
			if l, err := net.Listen("tcp", candidate); err == nil {
				return candidate, l, nil
			}
		}
	}
	l, err := listen(addr, server)
	if err != nil {
		return "", nil, err
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", nil, errors.Join(stapled.Errorf(stapled.Failed, "read the address of the listener: %w", err), l.Close())
	}
	return net.JoinHostPort(host, port), l, nil
}

func listen(addr string, server Server) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, stapled.Errorf(stapled.AddressInUse, "%s address %s is in use; stop what listens there (perhaps this CA runs already) or choose another address: %w",
			server, addr, &AddressError{Server: server, Address: addr, Err: err})
	case err != nil:
		return nil, stapled.Errorf(stapled.Failed, "listen on %s: %w", addr, err)
	}
	return l, nil
}

// reachable turns an address to listen on into an address to connect to.
func reachable(addr string) (host, hostPort string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", "", stapled.Errorf(stapled.ConfigInvalid, "address %q is not HOST:PORT: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = loopback
	}
	return host, net.JoinHostPort(host, port), nil
}
