// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "strings"

// Route says which requests it is for, and what a request needs to pass. The
// zero Route is an error.
type Route struct {
	// Name appears in logs and metrics. Required, and unique.
	Name string

	// Hosts are the hosts that the route is for, in lower case and without a
	// port. nil is every host; an empty list is an error.
	Hosts []string
	// Path is the one path that the route is for, with its percent-encoding. A
	// route has either a Path or a Prefix.
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
	// Claims are the names of claims that must be present.
	Claims []string
	// Allow are the rules of a route with a Verifier: a token passes if at
	// least one rule lets it in. Required there; see [Anyone].
	Allow []Rule

	// UnsafeRawPath accepts paths that upstreams read in different ways, such
	// as /a/../b. An upstream that resolves them serves a path that the policy
	// has not seen.
	UnsafeRawPath bool
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

// matches reports whether the route is for the request.
func (r *Route) matches(request Request) bool {
	return r.matchesHost(request.Target.Host) && r.matchesPath(request.Target.Path) &&
		r.matchesMethod(request.Method) && (!r.Preflight || request.Preflight)
}

func (r *Route) matchesHost(host string) bool {
	if r.Hosts == nil {
		return true
	}
	for _, h := range r.Hosts {
		if h == hostname(host) {
			return true
		}
	}
	return false
}

// hostname returns a host without its port, in lower case.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(host)
}

func (r *Route) matchesPath(path string) bool {
	switch {
	case r.Path != "":
		return path == r.Path
	case r.Prefix == "/": // also for *, and for the empty path
		return true
	}
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(r.Prefix, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

func (r *Route) matchesMethod(method string) bool {
	if r.Methods == nil {
		return true
	}
	for _, m := range r.Methods {
		if m == method {
			return true
		}
	}
	return false
}
