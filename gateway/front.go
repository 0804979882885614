// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// FrontProxies says which proxies stand in front of the gateway, and how they
// describe a request. What they say counts only if they are the peer of the
// socket. The zero value trusts nobody: every header of this kind is ignored.
//
// A proxy that is listed must set the headers itself, or remove them. It must
// not pass on what a client has written there.
type FrontProxies struct {
	// Networks are the addresses of the proxies: 10.0.0.7/32, 10.1.0.0/16,
	// fd00::/64.
	Networks []netip.Prefix
	// UnixSockets trusts every peer of a unix socket: the permissions of the
	// socket's file say who can be one.
	UnixSockets bool
	// Forwarded reads the header Forwarded (RFC 7239) in place of
	// X-Forwarded-For, -Proto and -Host. Only one kind is ever read: most
	// proxies set one of them and pass on the client's other.
	Forwarded bool
	// ClientCertificate is how the proxies pass on the certificate of the TLS
	// client. By default they do not, so a route bound to TLS lets nobody in
	// through them: the certificate of the connection is the proxy's own.
	ClientCertificate ClientCertificateFormat
}

// isZero reports whether nobody is trusted.
func (f *FrontProxies) isZero() bool { return len(f.Networks) == 0 && !f.UnixSockets }

// check refuses what is not a configuration.
func (f *FrontProxies) check() error {
	for _, network := range f.Networks {
		switch {
		case !network.IsValid():
			return errors.New("an address range is not valid; write it like 10.0.0.0/8")
		case network.Addr().Is4In6():
			return fmt.Errorf("%s is an IPv4 range written as IPv6; write it like 10.0.0.0/8", network)
		case network != network.Masked():
			return fmt.Errorf("%s has bits beyond its length; write %s", network, network.Masked())
		case network.Bits() == 0:
			return fmt.Errorf("%s trusts everybody; list the addresses of the proxies", network)
		}
	}
	if f.ClientCertificate != "" && f.ClientCertificate.Header() == "" {
		return fmt.Errorf("the client certificate format is %q; use rfc9440, xfcc or nginx", string(f.ClientCertificate))
	}
	if f.isZero() && (f.Forwarded || f.ClientCertificate != "") {
		return errors.New("headers of proxies are configured, but no proxy is trusted; list the addresses of the proxies")
	}
	return nil
}

// trusts reports whether a proxy has this address.
func (f *FrontProxies) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, network := range f.Networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func (f FrontProxies) clone() FrontProxies {
	f.Networks = slices.Clone(f.Networks)
	return f
}
