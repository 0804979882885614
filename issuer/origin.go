// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origin is where a request goes (RFC 6454 §4): scheme, host and port.
type origin struct{ scheme, host, port string }

func (o origin) String() string { return o.scheme + "://" + net.JoinHostPort(o.host, o.port) }

// originOf returns the scheme, host and port of a URL. A host with a trailing
// dot differs from the same host without one.
func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		switch o.scheme {
		case "https":
			o.port = "443"
		case "http":
			o.port = "80"
		}
	}
	return o
}

// parseOrigin checks that a configured origin may receive a bearer token: RFC
// 6750 §5.3 requires TLS.
func parseOrigin(raw string, plaintext bool) (origin, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return origin{}, err
	}
	o := originOf(u)
	switch {
	case o.host == "" || o.scheme != "https" && o.scheme != "http":
		return origin{}, fmt.Errorf("%q is not the URL of a service: name the origins that tokens may go to in TransportConfig.Origins", raw)
	case o.scheme == "http" && !plaintext && !isLoopback(o.host):
		return origin{}, fmt.Errorf("%q would send tokens in the clear: use https, or permit it with TransportConfig.UnsafePlaintext", raw)
	}
	return o, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// permits reports whether a request may carry a token. Its origin must be one
// of ours, and so must the origin of every request that redirected here. A host
// that we do not know must not choose what we request with our token.
func permits(origins []origin, req *http.Request) bool {
	for {
		if !slices.Contains(origins, originOf(req.URL)) {
			return false
		}
		// http.Client sets Response on the requests that follow a redirect.
		if req.Response == nil || req.Response.Request == nil {
			return true
		}
		req = req.Response.Request
	}
}
