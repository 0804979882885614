// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Listen listens on an address; "" and port 0 mean a free port. Later starts
// reuse the port, so Listen chooses it below the range that systems use for
// outgoing connections (from 32768 on Linux).
func Listen(address, flag string) (*Service, error) {
	host, port := "127.0.0.1", "0"
	if address != "" {
		var err error
		if host, port, err = net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("%s %q is not HOST:PORT", flag, address)
		}
	}
	if port == "0" {
		return listenAnywhere(host)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, ListenError(err, address, flag)
	}
	return &Service{Listener: l}, nil
}

var errNoPort = errors.New("no free port found: name an address")

// listenAnywhere listens on a free port of a host.
func listenAnywhere(host string) (*Service, error) {
	const firstPort, ports, attempts = 20000, 10000, 50
	var last error
	for range attempts {
		address := net.JoinHostPort(host, strconv.Itoa(firstPort+rand.IntN(ports)))
		l, err := net.Listen("tcp", address)
		if err == nil {
			return &Service{Listener: l}, nil
		}
		if last = err; !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, fmt.Errorf("listen on %s: %w: %w", host, last, errNoPort)
}

// ListenError names the flag that chooses another address.
func ListenError(err error, address, flag string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("address %s is in use: stop what listens there, or choose another with %s", address, flag)
	}
	return fmt.Errorf("%w: choose another address with %s", err, flag)
}
