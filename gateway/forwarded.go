// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// hop is what one proxy says about the request that it got.
type hop struct {
	from        string // its peer: an address, or something else
	proto, host string
}

// client walks from the proxy next to us towards the client: the first address
// that is not a proxy's is the client's. Everything before it was written by
// the client itself. If an entry is no address, the search ends before it.
func (f *FrontProxies) client(peer string, hops []hop) (addr string, first hop) {
	addr = peer
	if len(hops) > 0 { // the peer has written it, even if it hides the address (RFC 7239 §6.3)
		first = hops[len(hops)-1]
	}
	for i := len(hops) - 1; i >= 0; i-- {
		from, err := parseNode(hops[i].from)
		if err != nil {
			break
		}
		addr, first = from.String(), hops[i]
		if !f.trusts(from) {
			break
		}
	}
	return addr, first
}

// parseNode reads an address with or without a port.
func parseNode(node string) (netip.Addr, error) {
	if addrPort, err := netip.ParseAddrPort(node); err == nil {
		return addrPort.Addr().Unmap(), nil
	}
	node = strings.TrimSuffix(strings.TrimPrefix(node, "["), "]")
	addr, err := netip.ParseAddr(node)
	return addr.Unmap(), err
}

// xForwardedFor reads X-Forwarded-For: each proxy appends the address of its
// peer.
func xForwardedFor(fields []string) (hops []hop) {
	for _, field := range fields {
		for node := range strings.SplitSeq(field, ",") {
			hops = append(hops, hop{from: strings.Trim(node, " \t")})
		}
	}
	return hops
}

// parseForwarded reads the header Forwarded (RFC 7239 §4). It refuses the whole
// header for any error: a quote that a client does not close would swallow what
// a proxy has appended.
func parseForwarded(fields []string) ([]hop, error) {
	var hops []hop
	for _, field := range fields {
		rest := strings.Trim(field, " \t")
		for {
			h, tail, err := parseElement(rest)
			if err != nil {
				return nil, fmt.Errorf("the header Forwarded is malformed (RFC 7239 §4): %w", err)
			}
			hops = append(hops, h)
			if tail == "" {
				break
			}
			rest = strings.TrimLeft(tail[1:], " \t")
		}
	}
	return hops, nil
}

// parseElement reads a forwarded-element and returns what follows: nothing, or
// a comma and the next.
func parseElement(s string) (h hop, tail string, err error) {
	seen := map[string]bool{}
	for {
		name, rest, ok := strings.Cut(s, "=")
		if !ok || name == "" || strings.ContainsFunc(name, notToken) {
			return hop{}, "", errors.New("a parameter has no name or no value")
		}
		value, rest, err := parseValue(rest)
		if err != nil {
			return hop{}, "", err
		}
		name = strings.ToLower(name)
		if seen[name] {
			return hop{}, "", errors.New("a parameter occurs twice")
		}
		seen[name] = true
		switch name {
		case "for":
			h.from = value
		case "proto":
			h.proto = value
		case "host":
			h.host = value
		}
		rest = strings.TrimLeft(rest, " \t")
		switch {
		case rest == "" || rest[0] == ',':
			return h, rest, nil
		case rest[0] != ';':
			return hop{}, "", errors.New("something follows a value")
		}
		s = strings.TrimLeft(rest[1:], " \t")
	}
}

// parseValue reads a token or a quoted-string (RFC 9110 §5.6.4).
func parseValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexFunc(s, notToken)
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return "", "", errors.New("a parameter has no value")
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) {
				return "", "", errors.New("a quoted string does not end")
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("a quoted string does not end")
}
