// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/strictyaml"
)

var routeKeys = []string{
	"name", "host", "path", "prefix", "methods", "preflight", "open", "audience", "typ", "max_lifetime", "claims", "callers", "when", "bind",
	"upstream", "upstream_root", "upstream_host", "timeout", "max_body", "unsafe_raw_path", "unsafe_forward_token",
}

// proxyKeys are for the proxy only.
var proxyKeys = []string{"upstream", "upstream_root", "upstream_host", "timeout", "max_body", "unsafe_forward_token"}

// tokenKeys say which tokens a route wants: an open route has none of them.
var tokenKeys = []string{"audience", "typ", "max_lifetime", "claims", "callers", "when", "bind"}

func (f file) routes(m *strictyaml.Mapping, cfg *Config) {
	if !m.Has("routes") {
		m.Fail("routes", "is missing: list at least one route, such as - {prefix: /, audience: billing, callers: any}")
	}
	standard := Route{Audience: m.Text("audience"), Type: m.Text("typ"), MaxLifetime: m.Duration("max_lifetime", time.Second)}
	proxied := slices.ContainsFunc(cfg.Fronts, func(f Front) bool { return f.Kind == ProxyFront })
	names := make(map[string]bool)
	allOpen := true
	for _, element := range m.List("routes", routeKeys...) {
		r := f.route(element, standard)
		f.upstream(element, &r, proxied)
		if r.BindTLS && len(cfg.Fronts) > 0 && !slices.ContainsFunc(cfg.Fronts, cfg.seesClientCertificate) {
			element.Fail("bind", "no front can see the certificate of a client: %s", needsForBind(cfg.Fronts))
		}
		if names[r.Name] {
			element.Fail("name", "%q is the name of an earlier route: write another name here", r.Name)
		}
		names[r.Name] = true
		allOpen = allOpen && r.Open
		cfg.Routes = append(cfg.Routes, r)
	}
	if cfg.Anchors == nil && !allOpen {
		m.Fail("anchors", "is missing: list the files with the CA certificates to trust, such as anchors: [root.pem]")
	}
}

func (f file) route(m *strictyaml.Mapping, standard Route) Route {
	r := Route{
		Name: m.Text("name"), Hosts: m.Texts("host"), Path: m.Text("path"), Prefix: m.Text("prefix"), Methods: m.Texts("methods"),
		Preflight: m.Bool("preflight", false), Open: m.Bool("open", false),
		Audience: m.Text("audience"), Type: m.Text("typ"), MaxLifetime: m.Duration("max_lifetime", time.Second),
		Claims: m.Texts("claims"), Callers: m.Texts("callers"), When: m.Texts("when"),
		UnsafeRawPath: m.Bool("unsafe_raw_path", false), at: m.Place(),
	}
	matching(m, &r)
	if r.Name == "" {
		r.Name = described(r)
	}
	if r.Open {
		for _, key := range tokenKeys {
			if m.Has(key) {
				m.Fail(key, "is for a route that wants a token, and this one is open: remove it, or remove open")
			}
		}
		return r
	}
	if r.Preflight {
		m.Fail("preflight", "a CORS preflight has no token: write open: true, too")
	}
	if m.Has("open") {
		m.Fail("open", "false is what a route is without it: remove the line")
	}
	if r.Audience == "" {
		r.Audience = standard.Audience
	}
	if r.Type == "" {
		r.Type = standard.Type
	}
	if r.MaxLifetime == 0 {
		r.MaxLifetime = standard.MaxLifetime
	}
	if r.Audience == "" {
		m.Fail("audience", "is missing: write the audience that tokens must name, here or once for all routes at the top")
	}
	for _, iss := range r.Callers {
		if err := checkCaller(iss); err != nil {
			m.Fail("callers", "%w", err)
		}
	}
	if slices.Contains(r.Callers, "any") {
		if len(r.Callers) > 1 {
			m.Fail("callers", "any is everybody: remove the others, or remove any")
		}
		r.AnyCaller, r.Callers = true, nil
	}
	if !r.AnyCaller && r.Callers == nil && r.When == nil {
		m.Fail("callers", "is missing: write who may call: a list of issuers, any, or a condition with when")
	}
	r.BindTLS = oneOf(m, "bind", []string{"tls"}) != ""
	return r
}

// matching checks for which requests a route is.
func matching(m *strictyaml.Mapping, r *Route) {
	switch {
	case r.Path != "" && r.Prefix != "":
		m.Fail("prefix", "there is a path, too: remove one of them")
	case r.Path == "" && r.Prefix == "":
		m.Fail("prefix", "is missing: write prefix: / for every path, or path for one")
	case r.Path != "" && r.Path[0] != '/':
		m.Fail("path", "%q must begin with a slash", r.Path)
	case r.Prefix != "" && r.Prefix[0] != '/':
		m.Fail("prefix", "%q must begin with a slash", r.Prefix)
	case strings.Contains(r.Path, "*"):
		m.Fail("path", "%q has a \"*\", which is no wildcard here: write prefix: %s, which is for everything below it too", r.Path, literal(r.Path))
	case strings.Contains(r.Prefix, "*"):
		m.Fail("prefix", "%q has a \"*\", which is no wildcard here: write %s, which is for everything below it too", r.Prefix, literal(r.Prefix))
	case len(r.Prefix) > 1 && strings.HasSuffix(r.Prefix, "/"):
		m.Fail("prefix", "%q ends with a slash: write %s, which is for everything below it too", r.Prefix, literal(r.Prefix))
	}
	for _, h := range r.Hosts {
		if lower := strings.ToLower(h); h != lower && !strings.ContainsAny(h, "/*@: ") {
			m.Fail("host", "%q has capital letters: write %s", h, lower)
		}
		if h != strings.ToLower(h) || strings.ContainsAny(h, "/*@ ") || strings.Contains(h, ":") && !strings.HasPrefix(h, "[") {
			m.Fail("host", "%q must be the name of a host in lower case, without a port: list each name", h)
		}
	}
	for _, method := range r.Methods {
		if method == "*" || strings.EqualFold(method, "any") || strings.EqualFold(method, "all") {
			m.Fail("methods", "%q is no method: leave methods out for every method", method)
		}
		if method != strings.ToUpper(method) || strings.ContainsAny(method, " ,*") {
			m.Fail("methods", "%q must be a method in capital letters, such as GET", method)
		}
	}
	if r.Preflight && !r.Open {
		return // said with what opens it
	}
	if r.Preflight && r.Methods != nil {
		m.Fail("methods", "a CORS preflight is an OPTIONS request: remove methods, or remove preflight")
	}
}

// literal is the part of a path before a wildcard, as a prefix.
func literal(path string) string {
	path, _, _ = strings.Cut(path, "*")
	path = strings.TrimRight(path[:strings.LastIndexByte(path, '/')+1], "/")
	if path == "" {
		return "/"
	}
	return path
}

// checkCaller refuses an issuer that no token can have.
func checkCaller(iss string) error {
	if strings.Contains(iss, "*") {
		return fmt.Errorf("%q has a \"*\", and there are no wildcards here: list each issuer, or write a condition with when", iss)
	}
	return nil
}

// described names a route after what it is for.
func described(r Route) string {
	name := strings.Join(r.Hosts, ",") + r.Path + r.Prefix
	if r.Methods != nil {
		name = strings.Join(r.Methods, ",") + " " + name
	}
	if r.Preflight {
		name = "preflight " + name
	}
	return name
}

// upstream reads what only the proxy needs.
func (f file) upstream(m *strictyaml.Mapping, r *Route, proxied bool) {
	if !proxied {
		for _, key := range proxyKeys {
			if m.Has(key) {
				m.Fail(key, "is for the proxy: write proxy with its address at the top, or remove this")
			}
		}
		return
	}
	text := m.Required("upstream", "http://127.0.0.1:8080")
	u, err := url.Parse(text)
	switch {
	case text == "":
		return
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "h2c":
		m.Fail("upstream", "%q must be the URL of a server, such as http://127.0.0.1:8080, https://orders.internal, or h2c://127.0.0.1:50051 for gRPC", text)
		return
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		m.Fail("upstream", "%q must be a scheme, a host and at most a path", u.Redacted())
		return
	}
	r.Upstream = u
	if r.UpstreamRoot = f.absolute(m.Text("upstream_root")); r.UpstreamRoot != "" && u.Scheme != "https" {
		m.Fail("upstream_root", "is for an https upstream: remove it")
	}
	r.KeepHost = oneOf(m, "upstream_host", []string{"keep", "replace"}) == "keep"
	r.Timeout = m.Duration("timeout", time.Millisecond)
	r.MaxBody = whole(m, "max_body", 1, 1<<50)
	r.UnsafeForwardToken = m.Bool("unsafe_forward_token", false)
}
