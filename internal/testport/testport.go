// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package testport gives tests addresses that stay theirs while nothing listens
// on them, for servers that stop and restart on the same address. While a
// server is stopped, a port that it picked for itself could go to the server of
// another test in another process.
package testport

import (
	"fmt"
	"net"
	"strconv"
)

// The ports lie below those that package ca and the command pick for
// themselves, and below those that systems assign.
const first, count = 12000, 6000

// Reserve returns a free TCP address of the loopback interface that no other
// test, in any process, gets from Reserve until release is called. Meanwhile it
// holds the UDP port of the same number, which tells the others.
func Reserve() (address string, release func() error, err error) {
	for port := first; port < first+count; port++ {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		mark, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		probe, err := net.Listen("tcp", address)
		if err != nil {
			if err := mark.Close(); err != nil {
				return "", nil, err
			}
			continue
		}
		if err := probe.Close(); err != nil {
			return "", nil, err
		}
		return address, mark.Close, nil
	}
	return "", nil, fmt.Errorf("no port from %d to %d is free", first, first+count-1)
}
