// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/listenaddr"
)

// ForFlags returns the configuration of the simplest case: one route for
// everything behind a gateway on this machine that asks. Errors name the flags.
func ForFlags(forwardAuth, metrics string, anchors []certs.AnchorFile, audience string, callers []string) (Config, error) {
	r := Route{Name: "/", Prefix: "/", Audience: audience, Callers: callers, at: "--callers"}
	switch {
	case slices.Contains(callers, ""):
		return Config{}, errors.New("--callers is empty: name an issuer, or any")
	case slices.Contains(callers, "any") && len(callers) > 1:
		return Config{}, errors.New("--callers any is everybody: leave the others out, or leave any out")
	case slices.Contains(callers, "any"):
		r.AnyCaller, r.Callers = true, nil
	}
	for _, iss := range callers {
		if err := checkCaller(iss); err != nil {
			return Config{}, fmt.Errorf("--callers %w", err)
		}
	}
	if !strings.HasPrefix(forwardAuth, unixPrefix) {
		if err := listenaddr.Check(forwardAuth); err != nil {
			return Config{}, fmt.Errorf("--forward-auth %w", err)
		}
		if !isLoopback(forwardAuth) {
			return Config{}, fmt.Errorf("--forward-auth %s is reached by other machines: name in a file for --config which of them may ask, with front_proxies", forwardAuth)
		}
	}
	if metrics != "" {
		if err := listenaddr.Check(metrics); err != nil {
			return Config{}, fmt.Errorf("--metrics-address %w", err)
		}
	}
	return Config{
		Fronts:  []Front{{Kind: ForwardAuth, Address: forwardAuth, at: "--forward-auth"}},
		Anchors: anchors, Routes: []Route{r}, MetricsAddress: metrics,
	}, nil
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
