// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// policy is a checked list of routes. It is immutable.
type policy struct {
	routes []Route
	// byHost: some route is for certain hosts, so a host must be readable.
	byHost bool
	// raw: every route is for every path, as it is.
	raw bool
}

// everything is the policy of a gateway with just a Verifier.
func everything(v Verifier) *policy {
	return &policy{raw: true, routes: []Route{{Prefix: "/", Verifier: v, Allow: []Rule{Anyone}, UnsafeRawPath: true}}}
}

// newPolicy checks routes.
func newPolicy(routes []Route) (*policy, error) {
	if len(routes) == 0 {
		return nil, errors.New("no routes: nobody would get in; a route with Prefix: \"/\" is for every request")
	}
	p := &policy{raw: true}
	for i, route := range routes {
		if err := route.check(); err != nil {
			name := fmt.Sprintf("%q", route.Name)
			if route.Name == "" {
				name = fmt.Sprint(i + 1)
			}
			return nil, fmt.Errorf("route %s: %w", name, err)
		}
		for _, earlier := range p.routes {
			switch {
			case earlier.Name == route.Name:
				return nil, fmt.Errorf("route %q: two routes have this name; names are for logs and metrics, and must differ", route.Name)
			case earlier.covers(&route):
				return nil, fmt.Errorf("route %q can never match: route %q before it is for the same requests; put the narrower route first", route.Name, earlier.Name)
			}
		}
		p.byHost = p.byHost || route.Hosts != nil
		p.raw = p.raw && route.Prefix == "/" && route.UnsafeRawPath
		route = route.clone()
		route.decoded, _ = canonicalPath(route.Path + route.Prefix) // one of them is empty; checked above
		if route.Prefix == "/" {
			route.decoded = "" // every path begins with it, and a slash follows
		}
		p.routes = append(p.routes, route)
	}
	return p, nil
}

// check refuses a route that is not complete, or that says two things.
func (r *Route) check() error {
	if strings.TrimSpace(r.Name) == "" {
		return errors.New("it has no Name; names appear in logs and metrics")
	}
	if err := r.checkMatch(); err != nil {
		return err
	}
	if r.UnsafeRawPath && r.Bind != Unbound {
		return errors.New("UnsafeRawPath is not for a route with Bind; leave one of them out")
	}
	if !r.Open {
		return r.checkProtected()
	}
	switch {
	case r.Verifier != nil:
		return errors.New("it is Open and has a Verifier; give one of them")
	case r.Allow != nil:
		return errors.New("it is Open and has Allow; leave out Allow, because an open route looks at no token")
	case r.Claims != nil || r.Bind != Unbound:
		return errors.New("it is Open and wants Claims or a Bind; leave them out, because an open route looks at no token")
	}
	return nil
}

// checkMatch checks which requests a route is for.
func (r *Route) checkMatch() error {
	switch {
	case r.Hosts != nil && len(r.Hosts) == 0:
		return errors.New("Hosts is an empty list; leave it out for every host")
	case r.Methods != nil && len(r.Methods) == 0:
		return errors.New("Methods is an empty list; leave it out for every method")
	case r.Path == "" && r.Prefix == "":
		return errors.New(`it has neither Path nor Prefix; Prefix "/" is for every path`)
	case r.Path != "" && r.Prefix != "":
		return errors.New("it has a Path and a Prefix; give one of them")
	case r.Preflight && !r.Open:
		return errors.New("Preflight is for open routes: a browser sends no token with a preflight; set Open")
	case r.Preflight && r.Methods != nil:
		return errors.New("Preflight is always for the method OPTIONS; leave out Methods")
	case len(r.Prefix) > 1 && strings.HasSuffix(r.Prefix, "/"):
		return fmt.Errorf("Prefix %q ends with a slash; write %q, which is for everything below it too", r.Prefix, strings.TrimRight(r.Prefix, "/"))
	}
	for i, host := range r.Hosts {
		name, ok := hostname(host)
		switch {
		case slices.Contains(r.Hosts[:i], host):
			return fmt.Errorf("the host %q is listed twice", host)
		case !ok || name == "" || strings.Contains(host, "*"):
			return fmt.Errorf("%q is not a host; write it like api.example.org", host)
		case name != host:
			return fmt.Errorf("the host %q has a port, a trailing dot or upper case; write %q, which is for every port", host, name)
		}
	}
	for i, method := range r.Methods {
		switch {
		case !isToken(method):
			return fmt.Errorf("%q is not a method (RFC 9110 §9.1); write it like GET", method)
		case slices.Contains(r.Methods[:i], method):
			return fmt.Errorf("the method %s is listed twice", method)
		case method != strings.ToUpper(method) && slices.Contains(knownMethods, strings.ToUpper(method)):
			return fmt.Errorf("the method is %q; methods are case-sensitive: write %s", method, strings.ToUpper(method))
		}
	}
	if _, err := canonicalPath(r.Path + r.Prefix); err != nil {
		return fmt.Errorf("%w; write it as a client sends it, in its canonical form", err)
	}
	return nil
}

// knownMethods are the methods of RFC 9110 §9.1 and RFC 5789.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// checkProtected checks what a route wants of a token.
func (r *Route) checkProtected() error {
	switch {
	case isNil(r.Verifier):
		return errors.New("it has no Verifier and is not Open; give it what verifier.New or View returned")
	case len(r.Allow) == 0:
		return errors.New("it has no rule in Allow, so nobody would get in; gateway.Anyone is everybody whose token is accepted")
	case r.Claims != nil && len(r.Claims) == 0:
		return errors.New("Claims is an empty list; leave it out if none is required")
	case r.Bind != Unbound && r.Bind != BindTLS:
		return fmt.Errorf("Bind is %d; use Unbound or BindTLS", r.Bind)
	case slices.Contains(r.Allow, nil):
		return errors.New("a rule in Allow is nil")
	}
	for i, claim := range r.Claims {
		if claim == "" || slices.Contains(r.Claims[:i], claim) {
			return fmt.Errorf("the claim %q is empty or listed twice", claim)
		}
	}
	return nil
}

// covers reports whether every request that a later route is for reaches this
// one first.
func (r *Route) covers(later *Route) bool {
	methods := later.Methods
	if later.Preflight {
		methods = []string{"OPTIONS"}
	}
	return (!r.Preflight || later.Preflight) && containsAll(r.Hosts, later.Hosts) &&
		containsAll(r.Methods, methods) && r.coversPath(later)
}

// containsAll reports whether a list has every element of another; nil is
// everything.
func containsAll(list, others []string) bool {
	switch {
	case list == nil:
		return true
	case others == nil:
		return false
	}
	for _, other := range others {
		if !slices.Contains(list, other) {
			return false
		}
	}
	return true
}

// coversPath does it for the path; r has been checked, and later has too.
func (r *Route) coversPath(later *Route) bool {
	path, _ := canonicalPath(later.Path + later.Prefix) // both have been checked
	if r.Path != "" && later.Prefix != "" {
		return false
	}
	return r.matchesPath(path)
}
