// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// ProxyConfig configures a reverse proxy.
type ProxyConfig struct {
	// Upstream is where requests go: http or https, a host, and optionally a
	// path to put before the path of each request. Required. Only the proxy may
	// be able to reach the upstream, because the upstream trusts the headers.
	Upstream *url.URL
	// Transport makes the requests. Default: an http.Transport that connects
	// within 10 seconds, passes compressed bodies through, and ignores proxies
	// from the environment, which would be able to see and set the headers.
	Transport http.RoundTripper
	// Timeout is how long the upstream may stall, neither taking part of the
	// request nor beginning to answer, before the client gets 504. 0 means
	// DefaultTimeout; NoTimeout waits without limit. It does not run while the
	// proxy waits for the client (http.Server.ReadTimeout limits that), nor
	// once the answer has begun: streams and WebSockets may be silent for
	// hours.
	Timeout time.Duration
	// IdentityHeaders are the headers that tell the upstream who is calling.
	// Default: the Stapled-* headers.
	IdentityHeaders IdentityHeaders
	// KeepHost sends the host that the client asked for in the Host header. The
	// default is the host of the Upstream.
	KeepHost bool
	// UnsafeForwardAuthorization leaves the token in the request. Anyone who
	// has it can use it, until it expires, against every service with the same
	// audience: the upstream, its logs, and anything it calls.
	UnsafeForwardAuthorization bool
	// Logger logs which requests were not forwarded, and why. Anyone can cause
	// such lines, so they are limited in the same way as those of
	// [Config].Logger. Default: none.
	Logger *slog.Logger
}

const (
	// DefaultTimeout is the default of [ProxyConfig].Timeout.
	DefaultTimeout = time.Minute
	// NoTimeout in a [ProxyConfig] lets an upstream stall without limit.
	NoTimeout = time.Duration(-1)
)

// Proxy is a reverse proxy for use behind [Gateway.Wrap], directly or with
// handlers in between that decide what a caller may do. A request that no
// gateway has let in gets 401. The proxy tells the upstream who is calling in
// the [IdentityHeaders], and makes sure that no client can set, spoil or remove
// them. It passes on upgrades to websocket only. It drops
// the trailers of a request (RFC 9110 §6.5.1).
//
// The path and the query reach the upstream byte for byte, or the client gets
// 400: percent-encode what a URL cannot contain (RFC 3986 §3.3, §3.4).
//
// A client whose body is broken gets 400, or 408 if the server's ReadTimeout
// has passed, or 413 if http.MaxBytesHandler sets a limit in front of the
// proxy, which has no limit of its own. The client gets 504 if the upstream
// does not answer in time, and 502 if it cannot be reached or does not answer
// with HTTP.
type Proxy struct {
	reverse  *httputil.ReverseProxy
	upstream *url.URL
	log      *slog.Logger
	timeout  time.Duration
	headers  IdentityHeaders
	keepHost bool
	keepAuth bool
}

// NewProxy returns a proxy, or an error if the configuration is invalid. It
// does not connect to the upstream.
func NewProxy(cfg ProxyConfig) (*Proxy, error) {
	if err := checkUpstream(cfg.Upstream); err != nil {
		return nil, fmt.Errorf("gateway: ProxyConfig.Upstream: %w", err)
	}
	switch {
	case cfg.Timeout == 0:
		cfg.Timeout = DefaultTimeout
	case cfg.Timeout < 0 && cfg.Timeout != NoTimeout:
		return nil, fmt.Errorf("gateway: ProxyConfig.Timeout is %s; use a positive duration, or NoTimeout", timetext.Duration(cfg.Timeout))
	}
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			MaxIdleConnsPerHost: 100, // there is one host
			DisableCompression:  true,
			ForceAttemptHTTP2:   true,
		}
	}
	if err := cfg.IdentityHeaders.Check(); err != nil {
		return nil, fmt.Errorf("gateway: ProxyConfig.IdentityHeaders: %w", err)
	}
	upstream, limited := *cfg.Upstream, limit(cfg.Logger)
	p := &Proxy{
		upstream: &upstream, log: slog.New(limited), timeout: cfg.Timeout, headers: cfg.IdentityHeaders,
		keepHost: cfg.KeepHost, keepAuth: cfg.UnsafeForwardAuthorization,
	}
	p.reverse = &httputil.ReverseProxy{
		Rewrite:      p.rewrite,
		Transport:    patientTransport{cfg.Transport},
		ErrorHandler: p.fail,
		ErrorLog:     limited.ErrorLog(slog.LevelWarn, "response broken off"),
	}
	return p, nil
}

func checkUpstream(u *url.URL) error {
	switch {
	case u == nil:
		return errors.New("nil; give the URL of the protected service")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the scheme is %q; use http or https", u.Scheme)
	case u.Host == "":
		return errors.New("no host; write http://host:port")
	case u.User != nil:
		return errors.New("it holds a user name; credentials for the upstream belong into a Transport")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("it has a query or a fragment; only a path can be put before the path of a request")
	}
	return nil
}

// forwarding is what later steps need to know about a request.
type forwarding struct {
	identity [5]string // values of the headers that rewrite adds
	raw      string    // the token, to keep it out of the log
	passage  *passage
	patience *patience
}

type forwardingKey struct{}

// ServeHTTP forwards a request that was accepted.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.reverse == nil { // NewProxy did not make it
		plain(w, http.StatusInternalServerError, "internal server error\n")
		return
	}
	// Never forward a request that no gateway has let in.
	passage, ok := r.Context().Value(passageKey{}).(*passage)
	if !ok || passage.grant.route == nil {
		const detail = "no grant in the context of the request: put the proxy behind Gateway.Wrap"
		p.log.LogAttrs(r.Context(), slog.LevelError, "request not forwarded",
			slog.String("error", detail), slog.String("remote", r.RemoteAddr))
		refuse(w, newRefusal(stapled.CredentialsMissing, detail))
		return
	}
	grant, raw := passage.grant, passage.grant.raw
	if err := p.checkTarget(r); err != nil {
		p.log.LogAttrs(r.Context(), slog.LevelWarn, "request not forwarded",
			slog.String("error", err.Error()), slog.String("issuer", grant.token.Issuer()), slog.String("remote", r.RemoteAddr),
			slog.String("method", r.Method), slog.String("target", loggable(withoutQuery(r.RequestURI), raw)))
		plain(w, http.StatusBadRequest, "bad request\n")
		return
	}
	identity, err := p.headers.values(grant)
	if err != nil {
		p.log.LogAttrs(r.Context(), slog.LevelError, "request not forwarded",
			slog.String("error", loggable(err.Error(), raw)), slog.String("remote", r.RemoteAddr), slog.String("path", loggable(r.URL.Path, raw)))
		plain(w, http.StatusBadGateway, "bad gateway\n")
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil) // the answer is complete, or there is none
	patience := newPatience(p.timeout, cancel)
	defer patience.end()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(int, textproto.MIMEHeader) error { patience.interim(); return nil },
	})
	r = r.WithContext(context.WithValue(ctx, forwardingKey{}, forwarding{identity, raw, passage, patience}))
	if r.Body != nil {
		r.Body = patientBody{r.Body, patience}
	}
	p.reverse.ServeHTTP(w, r)
}

// rewrite builds the upstream request. It runs after ReverseProxy has removed
// the headers listed in the client's Connection header (RFC 9110 §7.6.1), so
// listing one of ours there does not remove it.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	pr.SetURL(p.upstream)
	// ReverseProxy drops query parameters that Go does not understand, and
	// sorts the others. The target has been checked, so use the client's.
	pr.Out.URL.RawQuery, pr.Out.URL.ForceQuery = pr.In.URL.RawQuery, pr.In.URL.ForceQuery
	f, ok := pr.In.Context().Value(forwardingKey{}).(forwarding)
	if !ok {
		return // ServeHTTP has put it there
	}
	p.strip(pr.Out.Header, f.passage.grant)
	pr.Out.Trailer = nil // announced, but ReverseProxy would not send the values
	if !strings.EqualFold(pr.Out.Header.Get("Upgrade"), "websocket") {
		// After an upgrade to another protocol, above all h2c, a client could
		// send requests of its own making.
		pr.Out.Header.Del("Upgrade")
		pr.Out.Header.Del("Connection")
	}
	f.passage.request.setForwarded(pr)
	if p.keepHost {
		pr.Out.Host = f.passage.request.Target.Host
	}
	for i, name := range p.headers.names() {
		pr.Out.Header[name] = []string{f.identity[i]}
	}
}

// strip removes the headers that only the gateway may set, and the token. It
// goes through the map itself, because the tricks are in the spelling of the
// names.
func (p *Proxy) strip(h http.Header, grant Grant) {
	for name, values := range h {
		switch {
		case p.headers.Reserved(name), !p.keepAuth && sameFolded(name, grant.header):
			delete(h, name)
		case !p.keepAuth && grant.raw != "" && name == authorization && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, grant.raw) }):
			delete(h, name) // a copy of the token that the gateway found elsewhere
		}
	}
}

// setForwarded tells the upstream where a request comes from: what is known of
// the client, and then the proxy in front, if there is one.
func (r *Request) setForwarded(pr *httputil.ProxyRequest) {
	pr.SetXForwarded()
	peer := pr.Out.Header.Get("X-Forwarded-For")
	if r.RemoteAddr != pr.In.RemoteAddr {
		client := r.RemoteAddr
		if peer != "" { // it is empty for a unix socket
			client += ", " + peer
		}
		pr.Out.Header.Set("X-Forwarded-For", client)
	}
	pr.Out.Header.Set("X-Forwarded-Host", r.Target.Host)
	pr.Out.Header.Set("X-Forwarded-Proto", r.Target.Scheme)
}
