// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package listenaddr checks addresses before anything listens on them. The net
// package takes an empty address as every interface and a random port, and an
// address without a host as every interface: here, both must be explicit.
package listenaddr

import (
	"fmt"
	"net"
	"strconv"
)

// Check returns an error unless address is HOST:PORT with a host and a numeric
// port. Port 0 means a free one, which the caller picks and announces.
func Check(address string) error {
	host, port, err := net.SplitHostPort(address)
	switch {
	case address == "":
		return fmt.Errorf("the address is empty: write HOST:PORT, such as 127.0.0.1:8080")
	case err != nil:
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:8080", address)
	case host == "":
		return fmt.Errorf("%q names no host: write 127.0.0.1:%s, or 0.0.0.0:%s for all interfaces", address, port, port)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("%q is not HOST:PORT: the port is a number up to 65535", address)
	}
	return nil
}

// CheckFixed also refuses port 0, for an address that others must know.
func CheckFixed(address string) error {
	if err := Check(address); err != nil {
		return err
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "0" {
		return fmt.Errorf("%q has no fixed port: write its number in place of 0", address)
	}
	return nil
}
