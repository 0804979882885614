// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"net/url"
)

// Request is what a gateway needs to know about a request, as plain values. An
// adapter fills in what its protocol provides.
type Request struct {
	// Credentials are the values of the Authorization header fields (RFC 9110
	// §11.6.2), or of those that [Gateway.TokenHeader] names, one per field, in
	// order. An adapter must not join, split or choose: the gateway refuses two
	// fields.
	Credentials []string
	// Method is the request method, in the case it was sent in.
	Method string
	// Preflight reports a CORS preflight: OPTIONS with the headers Origin and
	// Access-Control-Request-Method.
	Preflight bool
	// Target is the request target.
	Target Target
	// Peer is the certificate with which the client authenticated the
	// connection (RFC 8446 §4.4.2), or nil.
	Peer *x509.Certificate
	// RemoteAddr is the address of the client, for the log.
	RemoteAddr string
	// Rejected is why an adapter cannot say what was requested: a header that
	// only a trusted proxy may set is missing, repeated or malformed. Decide
	// refuses such a request. nil if all is well.
	Rejected error
}

// Target is the target of a [Request] as it was sent, neither decoded nor
// resolved.
type Target struct {
	// Scheme is http or https, from the connection, never from a header.
	Scheme string
	// Host is the Host header or :authority, with the port if it has one.
	Host string
	// Path is the path with its percent-encoding (RFC 3986 §3.3).
	Path string
	// RawQuery is the part after the question mark. It is never logged, because
	// clients put secrets there.
	RawQuery string
}

// loggable returns the decoded path: an encoded one could hide a token.
func (t Target) loggable(raw string) string {
	path, err := url.PathUnescape(t.Path)
	if err != nil {
		path = t.Path
	}
	return loggable(path, raw)
}
