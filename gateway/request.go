// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
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

// Hostname returns the host in lower case, without its port and without the dot
// of the root, as routes compare it. It returns an error if the host is not one
// host with at most one port, which an upstream could read in another way.
func (t Target) Hostname() (string, error) {
	name, ok := hostname(t.Host)
	if !ok {
		return "", errors.New("the host of the request is not a host")
	}
	return name, nil
}

// Loggable makes a text that the client has sent fit for a log: one short text
// without the tokens of the request. A longer one ends with an ellipsis.
func (r Request) Loggable(text string) string {
	text = withoutToken(text, "")
	// A request with more credentials is none that a client sends by mistake.
	const most = 4
	for _, credential := range r.Credentials[:min(len(r.Credentials), most)] {
		text = withoutToken(text, credential[strings.LastIndexAny(credential, " \t")+1:])
	}
	return short(text)
}

// LoggablePath returns the path of the target, fit for a log. It is decoded: an
// encoded one could hide a token.
func (r Request) LoggablePath() string {
	path, err := url.PathUnescape(r.Target.Path)
	if err != nil {
		path = r.Target.Path
	}
	return r.Loggable(path)
}
