// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"slices"
	"strings"
)

// warnings are what an operator may not have meant, one line each.
func (c Config) warnings() []string {
	var all []string
	for i, r := range c.Routes {
		for _, iss := range r.Callers {
			if lower := lowerHost(iss); lower != iss {
				all = append(all, fmt.Sprintf("route %q: callers has %s, with capital letters in the host: only a certificate with this exact name can match; usually it is %s", r.Name, iss, lower))
			}
		}
		if r.BindTLS {
			for _, f := range c.Fronts {
				if !c.seesClientCertificate(f) {
					all = append(all, fmt.Sprintf("route %q has bind: tls, and lets nobody in at %s: %s", r.Name, f.Kind, needsForBind([]Front{f})))
				}
			}
		}
		if taker := c.taker(i, r.path(), func(later Route) bool { return later.hasOther(r.Methods) }); r.Methods != nil && taker != "" {
			all = append(all, fmt.Sprintf("route %q is for %s only: route %q decides other methods of %s", r.Name, strings.Join(r.Methods, ", "), taker, r.path()))
		}
		if r.Path == "" || strings.HasSuffix(r.Path, "/") {
			continue
		}
		if taker := c.taker(i, r.Path+"/", func(later Route) bool { return later.hasAny(r.Methods) }); taker != "" {
			all = append(all, fmt.Sprintf("route %q is for %s only: route %q decides %s/", r.Name, r.Path, taker, r.Path))
		}
	}
	return all
}

// taker returns the first route after another that is for a path, if it is for
// all hosts of the other and asks for less; "" if there is none.
func (c Config) taker(i int, path string, methods func(Route) bool) string {
	r := c.Routes[i]
	for _, later := range c.Routes[i+1:] {
		if later.Preflight || !later.isFor(path) || !methods(later) || !hasAll(later.Hosts, r.Hosts) {
			continue
		}
		if later.strictness() < r.strictness() {
			return later.Name
		}
		return ""
	}
	return ""
}

// strictness ranks what a route asks for: nothing, an accepted token, or more.
func (r Route) strictness() int {
	switch {
	case r.Open:
		return 0
	case r.AnyCaller && r.When == nil && r.Claims == nil && !r.BindTLS:
		return 1
	}
	return 2
}

func (r Route) path() string { return r.Path + r.Prefix } // one of them is empty

func (r Route) isFor(path string) bool {
	return r.Prefix == "/" || r.Path != "" && r.Path == path ||
		r.Prefix != "" && (path == r.Prefix || strings.HasPrefix(path, r.Prefix+"/"))
}

// hasOther reports whether a route is for a method that is not in a list.
func (r Route) hasOther(methods []string) bool {
	return r.Methods == nil || !hasAll(methods, r.Methods)
}

// hasAny reports whether a route is for a method of a list; nil is every method.
func (r Route) hasAny(methods []string) bool {
	return r.Methods == nil || methods == nil || slices.ContainsFunc(methods, func(m string) bool { return slices.Contains(r.Methods, m) })
}

// hasAll reports whether a list has every element of another; nil is everything.
func hasAll(list, others []string) bool {
	return list == nil || others != nil && !slices.ContainsFunc(others, func(o string) bool { return !slices.Contains(list, o) })
}

// lowerHost returns an issuer with its host in lower case.
func lowerHost(iss string) string {
	scheme, rest, isURI := strings.Cut(iss, "://")
	if !isURI {
		return strings.ToLower(iss)
	}
	host, path, slash := strings.Cut(rest, "/")
	if slash {
		path = "/" + path
	}
	return scheme + "://" + strings.ToLower(host) + path
}

// seesClientCertificate reports whether a front knows the certificate of a TLS
// client.
func (c Config) seesClientCertificate(f Front) bool {
	switch f.Kind {
	case ProxyFront:
		return f.RequestClientCertificate || c.FrontProxies.ClientCertificate != ""
	case ForwardAuth:
		return c.FrontProxies.ClientCertificate != ""
	case ExtAuthzGRPC:
		return true
	}
	return false // Envoy sends none over HTTP
}

// needsForBind says what to write so that fronts see the certificate of a client.
func needsForBind(fronts []Front) string {
	var all []string
	for _, f := range fronts {
		switch f.Kind {
		case ProxyFront:
			all = append(all, "write client_certificates: request in tls of proxy")
		case ForwardAuth:
			all = append(all, "write client_certificate in front_proxies, for forward_auth")
		default:
			all = append(all, "use ext_authz_grpc in place of "+string(f.Kind))
		}
	}
	return strings.Join(all, ", or ")
}
