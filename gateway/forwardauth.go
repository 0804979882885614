// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ForwardAuthConfig configures a [ForwardAuth].
type ForwardAuthConfig struct {
	// Gateway decides. Required. Its own FrontProxies do not count here.
	Gateway *Gateway
	// FrontProxies are the gateways that may ask. Required: a client that can ask
	// could say that it wants something else than what it then gets.
	// X-Forwarded-* are the headers that are read, so Forwarded must be false.
	FrontProxies FrontProxies
	// IdentityHeaders are the headers of an answer that lets a request pass.
	// Default: the Stapled-* headers.
	IdentityHeaders IdentityHeaders
}

// ForwardAuth is a handler for gateways that ask about each request before they
// pass it on: auth_request of nginx, forward_auth of Caddy, ForwardAuth of
// Traefik. The gateway copies the headers of the client's request and describes
// the request in X-Forwarded-Method, X-Forwarded-Proto, X-Forwarded-Host and
// X-Forwarded-Uri, exactly one of each, and in X-Forwarded-For for the log. The
// method, path and body of the question itself do not matter.
//
// The answer is 200, 401 or 403 and has no other meaning: nginx makes 500 of
// everything else. 200 carries all [IdentityHeaders], empty where there is no
// value. The gateway must copy all of them to the request. A client that sends
// one in another spelling, such as Stapled_Subject, gets 403, because the
// gateway would pass that on.
type ForwardAuth struct {
	gateway *Gateway
	fronts  FrontProxies
	headers IdentityHeaders
}

// NewForwardAuth returns a handler, or an error if the configuration is
// invalid.
func NewForwardAuth(cfg ForwardAuthConfig) (*ForwardAuth, error) {
	switch {
	case cfg.Gateway == nil || cfg.Gateway.policy.Load() == nil:
		return nil, errors.New("gateway: ForwardAuthConfig.Gateway is nil; give it what gateway.New returned")
	case cfg.FrontProxies.isZero():
		return nil, errors.New("gateway: ForwardAuthConfig.FrontProxies trusts nobody; list the gateways that may ask")
	case cfg.FrontProxies.Forwarded:
		return nil, errors.New("gateway: ForwardAuthConfig.FrontProxies.Forwarded is set; forward-auth reads X-Forwarded-* only, so leave it out")
	}
	if err := cfg.FrontProxies.check(); err != nil {
		return nil, fmt.Errorf("gateway: ForwardAuthConfig.FrontProxies: %w", err)
	}
	if err := cfg.IdentityHeaders.Check(); err != nil {
		return nil, fmt.Errorf("gateway: ForwardAuthConfig.IdentityHeaders: %w", err)
	}
	return &ForwardAuth{cfg.Gateway, cfg.FrontProxies.clone(), cfg.IdentityHeaders}, nil
}

// ServeHTTP answers a question about a request.
func (f *ForwardAuth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.gateway == nil { // NewForwardAuth did not make it
		refuseForward(w, &Refusal{Status: forbidden})
		return
	}
	grant, refusal := f.gateway.Decide(r.Context(), f.requestOf(r))
	if refusal != nil {
		refuseForward(w, refusal)
		return
	}
	values, err := f.headers.values(grant)
	if err != nil {
		refuseForward(w, &Refusal{Status: forbidden})
		return
	}
	h := w.Header()
	for i, name := range f.headers.names() {
		h[name] = values[i : i+1 : i+1]
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// refuseForward answers with 401 or 403.
func refuseForward(w http.ResponseWriter, refusal *Refusal) {
	answer := *refusal
	if answer.Status != unauthorized {
		answer.Status, answer.Challenge = forbidden, ""
	}
	refuse(w, &answer)
}

// requestOf returns the request that is asked about.
func (f *ForwardAuth) requestOf(r *http.Request) Request {
	request := Request{Credentials: r.Header[f.gateway.TokenHeader()], RemoteAddr: r.RemoteAddr}
	peer, ok := f.fronts.peer(r)
	if !ok {
		request.Rejected = errNotTrusted
		return request
	}
	request.RemoteAddr, _ = f.fronts.client(peer, xForwardedFor(r.Header["X-Forwarded-For"]))
	request.Rejected = f.describe(&request, r)
	return request
}

// describe fills in what the gateway in front says about the request.
func (f *ForwardAuth) describe(request *Request, r *http.Request) error {
	// 1. No header that an upstream may take for one of ours. The gateway does not
	// replace it, and CGI does not distinguish the two.
	for name := range r.Header {
		if f.headers.Alias(name) {
			return errors.New("a header is an identity header in another spelling")
		}
	}
	// 2. Exactly one header each.
	var said [4]string
	for i, name := range []string{"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri"} {
		value, err := exactlyOne(r.Header, name)
		if err != nil {
			return err
		}
		said[i] = value
	}
	method, proto, host, uri := said[0], said[1], said[2], said[3]
	// 3. Each is what it should be.
	path, query, _ := strings.Cut(uri, "?")
	_, isHost := hostname(host)
	scheme, err := scheme(proto)
	switch {
	case !isToken(method):
		return errors.New("X-Forwarded-Method is not a method")
	case err != nil:
		return err
	case !isHost:
		return errors.New("X-Forwarded-Host is not a host")
	case !strings.HasPrefix(path, "/") || strings.ContainsFunc(uri, endsTarget):
		return errors.New("X-Forwarded-Uri is not a path and a query; with nginx, use $request_uri")
	}
	request.Method, request.Target = method, Target{Scheme: scheme, Host: host, Path: path, RawQuery: query}
	// 4. A preflight is one of the client's.
	request.Preflight = isPreflight(method, r.Header)
	// 5. The connection is the gateway's, so its certificate never is the
	// client's.
	request.Peer, err = f.fronts.clientCertificate(r)
	return err
}
