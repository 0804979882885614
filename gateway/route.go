// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"slices"
	"strings"
)

// Route says which requests it is for, and what a request needs to pass. The
// zero Route is an error.
type Route struct {
	// Name appears in logs and metrics. Required, and unique.
	Name string

	// Hosts are the hosts that the route is for, in lower case and without a
	// port. nil is every host; an empty list is an error.
	Hosts []string
	// Path is the one path that the route is for, with its percent-encoding. A
	// route has either a Path or a Prefix. /a is not for /a/, which many
	// upstreams take for the same: a Prefix is for both.
	Path string
	// Prefix is a path that the route is for together with everything below:
	// /a is for /a and /a/b, and not for /ab. / is for every path.
	Prefix string
	// Methods are the methods that the route is for. nil is every method; an
	// empty list is an error.
	Methods []string
	// Preflight makes the route match CORS preflights only. It must be Open.
	Preflight bool

	// Open lets every request pass, without looking at its token. A route has
	// either Open or a Verifier.
	Open bool
	// Verifier verifies the tokens of the route: usually a view with the
	// audience of the service behind it.
	Verifier Verifier
	// Bind says what the token must be bound to. The zero value asks for
	// nothing; a token that is bound by itself is compared all the same.
	Bind Binding
	// Claims are the names of claims that must be present and not null.
	Claims []string
	// Allow are the rules of a route with a Verifier: a token passes if at
	// least one rule lets it in. Required there; see [Anyone].
	Allow []Rule

	// UnsafeRawPath accepts paths that upstreams read in different ways, such
	// as /a/../b. An upstream that resolves them serves a path that the policy
	// has not seen. Without it, a request with such a path is refused even if
	// the route is for every path: the rules may look at it.
	UnsafeRawPath bool

	decoded string // the Path or the Prefix
}

// Binding is what a route wants a token to be bound to.
type Binding int

const (
	// Unbound asks for nothing.
	Unbound Binding = iota
	// BindTLS wants the certificate of the TLS client to be the token's leaf,
	// or the one that the token's cnf claim names (RFC 8705 §3).
	BindTLS
)

// aim is what chooses the route of a request.
type aim struct {
	host, path, method string
	preflight          bool
}

// mismatch returns why the route is not for a request, and an empty text if it
// is.
func (r *Route) mismatch(a aim) string {
	switch {
	case !r.matchesHost(a.host):
		return "another host"
	case !r.matchesPath(a.path):
		return "another path"
	case !r.matchesMethod(a.method):
		return "another method"
	case r.Preflight && !a.preflight:
		return "not a CORS preflight"
	}
	return ""
}

func (r *Route) matchesHost(host string) bool {
	return r.Hosts == nil || slices.Contains(r.Hosts, host)
}

func (r *Route) matchesPath(path string) bool {
	switch {
	case r.Path != "":
		return path == r.decoded
	case r.Prefix == "/": // also for *, and for the empty path
		return true
	}
	rest, ok := strings.CutPrefix(path, r.decoded)
	return ok && (rest == "" || rest[0] == '/')
}

func (r *Route) matchesMethod(method string) bool {
	return r.Methods == nil || slices.Contains(r.Methods, method)
}

// clone returns a copy that shares no list with its caller.
func (r Route) clone() Route {
	r.Hosts, r.Methods = slices.Clone(r.Hosts), slices.Clone(r.Methods)
	r.Claims, r.Allow = slices.Clone(r.Claims), slices.Clone(r.Allow)
	return r
}
