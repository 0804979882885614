// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/strictyaml"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// The keys of each mapping.
var (
	topKeys = []string{
		"proxy", "forward_auth", "ext_authz", "ext_authz_grpc", "anchors", "audience", "typ", "max_staple_age", "max_lifetime", "leeway",
		"token_header", "identity_headers", "front_proxies", "routes", "access_log", "drain_delay", "metrics_address", "status",
	}
	frontKeys      = []string{"address", "tls", "max_connections", "path_prefix"}
	tlsKeys        = []string{"certificate", "key", "client_certificates"}
	anchorKeys     = []string{"file", "scope", "label"}
	identityKeys   = []string{"issuer", "identity", "subject", "token_id", "claims"}
	frontProxyKeys = []string{"trusted", "forwarded", "client_certificate"}
	accessLogKeys  = []string{"file", "sample"}
)

// file is a configuration file that is being read.
type file struct{ dir string }

// ReadFile reads a configuration from a YAML file. Errors have the file, the
// line and what to write instead. Relative paths in the file are relative to its
// directory.
func ReadFile(name string) (Config, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Config{}, err
	}
	return parse(name, data)
}

func parse(name string, data []byte) (Config, error) {
	doc, m := strictyaml.Read(name, data, topKeys...)
	f := file{filepath.Dir(name)}
	cfg := Config{
		MaxStapleAge:    m.Duration("max_staple_age", time.Second),
		Leeway:          leewayOf(m),
		TokenHeader:     header(m, "token_header"),
		IdentityHeaders: identityHeaders(m),
		FrontProxies:    frontProxies(m),
		AccessLog:       f.accessLog(m),
		DrainDelay:      m.Duration("drain_delay", 0),
		MetricsAddress:  address(m, "metrics_address"),
		StatusAddress:   address(m, "status"),
	}
	for _, kind := range []Kind{ProxyFront, ForwardAuth, ExtAuthz, ExtAuthzGRPC} {
		if m.Has(string(kind)) {
			cfg.Fronts = append(cfg.Fronts, f.front(m, kind))
		}
	}
	if cfg.Fronts == nil {
		m.Fail("forward_auth", "is missing: write it with the address that nginx, HAProxy, Caddy or Traefik ask, such as forward_auth: 127.0.0.1:9100; or write proxy, ext_authz or ext_authz_grpc")
	}
	distinct(m, cfg)
	reachable(m, cfg)
	for _, a := range m.ListOr("file", "anchors", anchorKeys...) {
		cfg.Anchors = append(cfg.Anchors, f.anchor(a))
	}
	cfg.file, cfg.anchorsAt = name, m.At("anchors")
	f.routes(m, &cfg)
	if err := doc.Err(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// leewayOf returns the leeway as verifier.Config has it.
func leewayOf(m *strictyaml.Mapping) time.Duration {
	if !m.Has("leeway") {
		return 0
	}
	d := m.Duration("leeway", 0)
	if d > stapled.MaxLeeway {
		m.Fail("leeway", "%s is more than %s: set the clocks instead", timetext.Duration(d), timetext.Duration(stapled.MaxLeeway))
	}
	return leeway.Configured(d)
}

func address(m *strictyaml.Mapping, key string) string {
	value := m.Text(key)
	if value != "" {
		if err := listenaddr.Check(value); err != nil {
			m.Fail(key, "%w", err)
		}
	}
	return value
}

// front reads a front. Just an address is short for a mapping with it.
func (f file) front(m *strictyaml.Mapping, kind Kind) Front {
	key := string(kind)
	s := m.MappingOr("address", key, frontKeys...)
	front := Front{Kind: kind, Address: s.Required("address", "127.0.0.1:9100"), at: m.At(key)}
	if path, unix := strings.CutPrefix(front.Address, unixPrefix); unix {
		if path == "" {
			s.Fail("address", "names no socket: write unix: and its path, such as unix:/run/stapled/auth.sock")
		}
		front.Address = unixPrefix + f.absolute(path)
	} else if front.Address != "" {
		if err := listenaddr.Check(front.Address); err != nil {
			if m.IsMapping(key) {
				s.Fail("address", "%w", err)
			}
			m.Fail(key, "%w", err) // the short form has no key address
		}
	}
	if front.PathPrefix = s.Text("path_prefix"); front.PathPrefix != "" {
		switch {
		case kind != ExtAuthz:
			s.Fail("path_prefix", "is for ext_authz only: remove it")
		case !strings.HasPrefix(front.PathPrefix, "/") || strings.HasSuffix(front.PathPrefix, "/"):
			s.Fail("path_prefix", "%q must begin with a slash and not end with one, as path_prefix in Envoy", front.PathPrefix)
		}
	}
	front.MaxConnections = int(whole(s, "max_connections", 1, 1<<20))
	if s.Has("tls") {
		t := s.Mapping("tls", tlsKeys...)
		front.Certificate, front.Key = f.required(t, "certificate", "server.pem"), f.required(t, "key", "server-key.pem")
		switch asked := t.Text("client_certificates"); asked {
		case "":
		case requestClient:
			front.RequestClientCertificate = true
		default:
			t.Fail("client_certificates", "%q must be request: clients are asked for a certificate, and routes with bind: tls compare it with the token", asked)
		}
	}
	return front
}

// distinct refuses two listeners on one address.
func distinct(m *strictyaml.Mapping, cfg Config) {
	keys := make(map[string]string)
	check := func(key, address string) {
		if address == "" || !strings.HasPrefix(address, unixPrefix) && listenaddr.CheckFixed(address) != nil {
			return
		}
		if first := keys[address]; first != "" {
			m.Fail(key, "%s is the address of %s, too: choose another", address, first)
		}
		keys[address] = key
	}
	for _, f := range cfg.Fronts {
		check(string(f.Kind), f.Address)
	}
	check("metrics_address", cfg.MetricsAddress)
	check("status", cfg.StatusAddress)
}

func (f file) anchor(m *strictyaml.Mapping) certs.AnchorFile {
	a := certs.AnchorFile{File: f.required(m, "file", "root.pem"), Scope: m.Texts("scope"), Label: m.Text("label")}
	if err := certs.CheckScope(a.Scope); err != nil {
		m.Fail("scope", "%w", err)
	}
	return a
}

// header reads the name of a header (RFC 9110 §5.1).
func header(m *strictyaml.Mapping, key string) string {
	name := m.Text(key)
	if strings.ContainsFunc(name, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-'
	}) {
		m.Fail(key, "%q must be the name of a header: letters, digits and hyphens", name)
	}
	return name
}

func identityHeaders(m *strictyaml.Mapping) gateway.IdentityHeaders {
	s := m.Mapping("identity_headers", identityKeys...)
	h := gateway.IdentityHeaders{
		Issuer: header(s, "issuer"), Identity: header(s, "identity"), Subject: header(s, "subject"), TokenID: header(s, "token_id"), Claims: header(s, "claims"),
	}
	if h.Claims == "none" {
		h.Claims, h.WithoutClaims = "", true
	}
	if err := h.Check(); err != nil {
		m.Fail("identity_headers", "%w", err)
	}
	return h
}

// reachable refuses a forward_auth that other machines reach and that nobody may
// ask.
func reachable(m *strictyaml.Mapping, cfg Config) {
	for _, f := range cfg.Fronts {
		if f.Kind != ForwardAuth || len(cfg.FrontProxies.Trusted) > 0 || strings.HasPrefix(f.Address, unixPrefix) || f.Address == "" {
			continue
		}
		if listenaddr.Check(f.Address) == nil && !isLoopback(f.Address) {
			m.Fail("forward_auth", "other machines reach %s, and only this one may ask: write front_proxies: {trusted: [...]} with the addresses of the gateways that ask", f.Address)
		}
	}
}

func frontProxies(m *strictyaml.Mapping) FrontProxies {
	var p FrontProxies
	if !m.Has("front_proxies") {
		return p
	}
	s := m.Mapping("front_proxies", frontProxyKeys...)
	if !s.Has("trusted") {
		s.Fail("trusted", "is missing: list the addresses of the proxies, such as trusted: [10.0.0.0/8], or unix for those that open a unix socket of this gateway")
	}
	for _, text := range s.Texts("trusted") {
		if text == "unix" {
			p.UnixSockets = true
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			s.Fail("trusted", "%q must be an address or a network, such as 10.0.0.7 or 10.0.0.0/8", text)
		case prefix.Bits() == 0:
			s.Fail("trusted", "%s is everybody: list the addresses of the proxies", text)
		case prefix.Addr().Is4In6():
			s.Fail("trusted", "%s is an IPv4 network written as IPv6: write it like 10.0.0.0/8", text)
		case prefix != prefix.Masked():
			s.Fail("trusted", "%s has bits beyond its length: write %s", text, prefix.Masked())
		}
		p.Trusted = append(p.Trusted, prefix)
	}
	p.Forwarded = s.Bool("forwarded", false)
	p.ClientCertificate = gateway.ClientCertificateFormat(oneOf(s, "client_certificate",
		[]string{string(gateway.ClientCertRFC9440), string(gateway.ClientCertEnvoy), string(gateway.ClientCertNginx)}))
	return p
}

func oneOf(m *strictyaml.Mapping, key string, values []string) string {
	text := m.Text(key)
	for _, v := range values {
		if text == v || text == "" {
			return text
		}
	}
	if len(values) == 1 {
		m.Fail(key, "%q must be %s", text, values[0])
		return ""
	}
	m.Fail(key, "%q must be one of %s", text, strings.Join(values, ", "))
	return ""
}

func (f file) accessLog(m *strictyaml.Mapping) AccessLog {
	if !m.Has("access_log") {
		return AccessLog{}
	}
	s := m.MappingOr("file", "access_log", accessLogKeys...)
	l := AccessLog{File: s.Required("file", "/var/log/stapled/access.log"), Sample: 1}
	if l.File != "-" {
		l.File = f.absolute(l.File)
	}
	if s.Has("sample") {
		share, err := strconv.ParseFloat(s.Text("sample"), 64)
		if err != nil || !(share >= 0 && share <= 1) {
			s.Fail("sample", "%q must be the share of accepted requests that get a line, from 0 to 1, such as 0.01", s.Text("sample"))
		}
		l.Sample = share
	}
	return l
}

// whole reads a whole number; 0 if the key is not there.
func whole(m *strictyaml.Mapping, key string, least, most int64) int64 {
	if !m.Has(key) {
		return 0
	}
	n, err := strconv.ParseInt(m.Text(key), 10, 64)
	if err != nil || n < least || n > most {
		m.Fail(key, "%q must be a whole number from %d to %d", m.Text(key), least, most)
	}
	return n
}

func (f file) required(m *strictyaml.Mapping, key, example string) string {
	return f.absolute(m.Required(key, example))
}

func (f file) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.dir, path)
}
