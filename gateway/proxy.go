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
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// ProxyConfig is what a reverse proxy needs.
type ProxyConfig struct {
	// Gateway decides which requests pass. Required. The proxy uses its log.
	Gateway *Gateway
	// Upstream is where they go: http or https, a host, and optionally a path
	// that is put before the path of each request. Required. Nobody but the
	// proxy may be able to reach it, because it believes the headers.
	Upstream *url.URL
	// Transport makes the requests. Default: an http.Transport that connects
	// within 10 seconds, passes compressed bodies through, and takes no proxy
	// from the environment, which would get to see and set the headers.
	Transport http.RoundTripper
	// UnsafeForwardAuthorization leaves the token in the request. Whoever has
	// it can use it, until it expires, against every service of the same
	// audience: the upstream, its logs, and whatever it calls in turn.
	UnsafeForwardAuthorization bool
}

// Proxy is a reverse proxy behind a [Gateway]. It tells the upstream who is
// calling in the headers HeaderIssuer and following, and makes sure that no
// client can set, spoil or remove them. Of the protocols that a client can ask to
// upgrade to, it passes on websocket only.
type Proxy struct {
	handler  http.Handler // forward, behind the gateway
	reverse  *httputil.ReverseProxy
	upstream *url.URL
	log      *slog.Logger
	keepAuth bool
}

// NewProxy checks the configuration. It does not connect to the upstream.
func NewProxy(cfg ProxyConfig) (*Proxy, error) {
	if cfg.Gateway == nil {
		return nil, errors.New("gateway: ProxyConfig.Gateway is nil; give it what gateway.New returned")
	}
	if err := checkUpstream(cfg.Upstream); err != nil {
		return nil, fmt.Errorf("gateway: ProxyConfig.Upstream: %w", err)
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
	upstream := *cfg.Upstream
	p := &Proxy{upstream: &upstream, log: cfg.Gateway.log, keepAuth: cfg.UnsafeForwardAuthorization}
	p.handler = cfg.Gateway.Wrap(http.HandlerFunc(p.forward))
	p.reverse = &httputil.ReverseProxy{
		Rewrite:      p.rewrite,
		Transport:    cfg.Transport,
		ErrorHandler: p.fail,
		ErrorLog:     slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
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

// ServeHTTP forwards a request with an accepted token, and refuses all others
// as the gateway does.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// forwarding is what the later steps need to know of a request.
type forwarding struct {
	identity http.Header // what rewrite adds
	raw      string      // the token, to be kept out of the log
}

type forwardingKey struct{}

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request) {
	// Once more, in plain sight: without a token nothing leaves.
	token, ok := FromContext(r.Context())
	raw, err := bearer(r.Header)
	if !ok || err != nil {
		challenge(w)
		return
	}
	if err := p.checkTarget(r); err != nil {
		p.log.LogAttrs(r.Context(), slog.LevelWarn, "request not forwarded",
			slog.String("error", err.Error()), slog.String("issuer", token.Issuer), slog.String("remote", r.RemoteAddr),
			slog.String("method", r.Method), slog.String("target", loggable(withoutQuery(r.RequestURI), raw)))
		plain(w, http.StatusBadRequest, "bad request\n")
		return
	}
	identity, err := identityHeaders(token)
	r = r.WithContext(context.WithValue(r.Context(), forwardingKey{}, forwarding{identity, raw}))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.reverse.ServeHTTP(w, r)
}

// rewrite makes the request that the upstream gets. It runs after ReverseProxy
// has removed the headers that the client's Connection header lists (RFC 9110
// §7.6.1), so that listing one of ours there does not remove it.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	pr.SetURL(p.upstream)
	strip(pr.Out.Header)
	strip(pr.Out.Trailer)
	if !p.keepAuth {
		pr.Out.Header.Del("Authorization")
	}
	if !strings.EqualFold(pr.Out.Header.Get("Upgrade"), "websocket") {
		// Behind another protocol, h2c above all, a client could go on with
		// requests of its own making.
		pr.Out.Header.Del("Upgrade")
		pr.Out.Header.Del("Connection")
	}
	pr.SetXForwarded()
	f, _ := pr.In.Context().Value(forwardingKey{}).(forwarding)
	for name, values := range f.identity {
		pr.Out.Header[name] = values
	}
}

// fail answers when the upstream does not. The error names addresses inside;
// it is for the log.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	level, message := slog.LevelError, "upstream failed"
	if errors.Is(err, context.Canceled) {
		level, message = slog.LevelInfo, "client left before the upstream answered"
	}
	f, _ := r.Context().Value(forwardingKey{}).(forwarding)
	p.log.LogAttrs(r.Context(), level, message,
		slog.String("error", loggable(err.Error(), f.raw)), slog.String("upstream", p.upstream.Host),
		slog.String("remote", r.RemoteAddr), slog.String("path", loggable(r.URL.Path, f.raw)))
	plain(w, http.StatusBadGateway, "bad gateway\n")
}
