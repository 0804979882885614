// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const requestIDHeader = "X-Request-Id"

// requestID returns the ID of a request: the one that a trusted proxy in front
// gave it, or a new one. A client's own could make two requests look like one in
// every log behind the gateway.
func (p FrontProxies) requestID(r *http.Request) string {
	if ids := r.Header[requestIDHeader]; len(ids) == 1 && isRequestID(ids[0]) && p.trusts(r) {
		return ids[0]
	}
	return rand.Text()
}

// isRequestID reports whether a log line and a header can hold the ID as it is:
// letters, digits and what UUIDs, ULIDs and base64url are written with.
func isRequestID(id string) bool {
	return len(id) >= 8 && len(id) <= 128 && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' && c != '='
	})
}

// trusts reports whether the peer of the socket is a proxy in front.
func (p FrontProxies) trusts(r *http.Request) bool {
	if isUnix(r) {
		return p.UnixSockets
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr := peer.Addr().Unmap().WithZone("")
	for _, network := range p.Trusted {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func isUnix(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix"
}
