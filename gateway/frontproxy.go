// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

var errNotTrusted = errors.New("the peer of the socket is not a trusted front proxy")

// apply replaces what a proxy in front knows better, if the peer of the socket
// is one. What is missing stays as the connection has it. What is there but
// ambiguous is refused: a guess could choose another route.
func (f *FrontProxies) apply(request *Request, r *http.Request) {
	peer, ok := f.peer(r)
	if !ok {
		return
	}
	hops, said, err := f.read(r.Header)
	if err != nil {
		request.Rejected = err
		return
	}
	addr, first := f.client(peer, hops)
	if addr != "" && addr != peer {
		request.RemoteAddr = addr
	}
	if f.Forwarded {
		said = first // what the first proxy got from the client
	}
	if said.proto != "" {
		if said.proto, err = scheme(said.proto); err != nil {
			request.Rejected = err
			return
		}
		request.Target.Scheme = said.proto
	}
	if said.host != "" {
		if _, ok := hostname(said.host); !ok {
			request.Rejected = errors.New("the host that the proxy in front names is not a host")
			return
		}
		request.Target.Host = said.host
	}
	// The certificate of the connection is the proxy's.
	if request.Peer, err = f.clientCertificate(r); err != nil {
		request.Rejected = err
	}
}

// clientCertificate returns the certificate of the client of a trusted proxy,
// never that of the proxy itself.
func (f *FrontProxies) clientCertificate(r *http.Request) (*x509.Certificate, error) {
	return ClientCertificate(f.ClientCertificate, r.Header)
}

// peer returns the address of the peer of the socket if it is a trusted proxy.
// At a unix socket the address is empty.
func (f *FrontProxies) peer(r *http.Request) (string, bool) {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return "", f.UnixSockets
	}
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !f.trusts(addr.Addr()) {
		return "", false
	}
	return addr.Addr().Unmap().String(), true
}

// read reads the headers of the kind that the proxies set.
func (f *FrontProxies) read(h http.Header) (hops []hop, said hop, err error) {
	if f.Forwarded {
		hops, err = parseForwarded(h["Forwarded"])
		return hops, hop{}, err
	}
	if said.proto, err = atMostOne(h, "X-Forwarded-Proto"); err != nil {
		return nil, hop{}, err
	}
	if said.host, err = atMostOne(h, "X-Forwarded-Host"); err != nil {
		return nil, hop{}, err
	}
	return xForwardedFor(h["X-Forwarded-For"]), said, nil
}

// atMostOne returns the value of a header that may be missing, but not
// repeated.
func atMostOne(h http.Header, name string) (string, error) {
	if len(h[name]) == 0 {
		return "", nil
	}
	return exactlyOne(h, name)
}

// exactlyOne returns the value of a header.
func exactlyOne(h http.Header, name string) (string, error) {
	switch values := h[name]; {
	case len(values) != 1:
		return "", fmt.Errorf("%d %s headers; the proxy in front must set exactly one", len(values), name)
	case values[0] == "":
		return "", fmt.Errorf("the header %s is empty; the proxy in front must set it", name)
	default:
		return values[0], nil
	}
}

// scheme returns http or https. A WebSocket begins as a request of one of them
// (RFC 6455 §3).
func scheme(proto string) (string, error) {
	switch proto {
	case "http", "https":
		return proto, nil
	case "ws":
		return "http", nil
	case "wss":
		return "https", nil
	}
	return "", errors.New("the scheme that the proxy in front names is neither http nor https")
}
