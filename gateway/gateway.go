// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway protects services with stapled tokens.
//
// A policy is a list of routes. The first [Route] that matches a request decides
// about it: it is open, or it says what token it wants and who may call. A
// request that no route matches is refused. A service with one audience, whose
// handlers decide the rest, needs just a Verifier in its [Config].
//
// [Gateway.Decide] is independent of the protocol: it takes a [Request] and
// returns a [Grant] or a [Refusal]. Adapters connect it to a protocol:
//
//   - [Gateway.Wrap] is middleware for net/http. It passes on the requests that
//     the policy lets in, with the token in their context. [Require] adds rules
//     for single handlers behind it.
//   - [Proxy] is a handler behind Wrap, for upstreams that cannot embed the
//     middleware: it sends them the identity in headers.
//   - [ForwardAuth] answers the questions of another gateway, which then passes
//     the request on itself.
//
// The Verifier of a Config comes from [verifier.New], and its anchors from
// certs.LoadAnchors.
//
// Callers learn only that they were refused. Every request without an acceptable
// token gets the same 401 with WWW-Authenticate: Bearer error="invalid_token"
// (RFC 6750 §3), down to the last byte. A request that the policy does not let
// in gets 403: no route matches, or the token is acceptable and no rule lets it
// in. A request that an upstream could read in another way gets 400. The reason
// goes to the log and to the observer. How long a refusal took is not hidden: a
// token is public, and so is what makes it wrong.
//
// The gateway verifies the token when the request arrives. A response that
// streams for hours, or a connection that is upgraded to another protocol,
// outlives the token. If that matters, the handler compares the clock with
// [verifier.Token.FreshUntil].
//
// The package depends on the standard library and on package verifier. Metrics
// for Prometheus are in gateway/prom.
package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/verifier"
)

// Verifier verifies tokens. Use [*verifier.Verifier].
type Verifier interface {
	// VerifyBound accepts or rejects a token in compact serialization. An error
	// that is not a *stapled.Error counts as stapled.Unclassified, and so does a
	// zero Token without an error.
	VerifyBound(raw string, b verifier.Bindings) (verifier.Token, error)
}

// Config configures a gateway.
type Config struct {
	// Verifier verifies the tokens. It is short for one route that is for every
	// request and lets in everybody whose token is accepted. A Config has either
	// a Verifier or Routes.
	Verifier Verifier
	// Routes are the policy: the first that matches decides about a request, and
	// a request that none matches is refused.
	Routes []Route
	// TokenHeader is the header whose value is the token alone, in place of
	// Authorization, which then is not looked at. Default: Authorization, with
	// the scheme Bearer.
	TokenHeader string
	// FrontProxies are the proxies in front whose headers say where a request
	// comes from. Default: none.
	FrontProxies FrontProxies
	// Logger gets one line per accepted request at level Debug, and lines about
	// refused requests at level Info. Anyone can cause the latter, so each
	// reason is limited to a burst of 10 lines, and then one every 10 seconds.
	// The attribute left_out is the number of lines dropped before a line.
	// Default: none.
	Logger *slog.Logger
	// Observer receives every outcome, including those left out of the log.
	// Default: none.
	Observer Observer
}

// Gateway passes requests that its policy lets in, and refuses all others. It is
// safe for concurrent use.
type Gateway struct {
	policy      atomic.Pointer[policy]
	tokenHeader string
	fronts      FrontProxies
	log         *slog.Logger // limited: anyone can cause its lines
	accepted    *slog.Logger
	observer    Observer
}

// New returns a gateway, or an error if the configuration is invalid.
func New(cfg Config) (*Gateway, error) {
	header, err := checkTokenHeader(cfg.TokenHeader)
	if err != nil {
		return nil, fmt.Errorf("gateway: Config.TokenHeader: %w", err)
	}
	if err := cfg.FrontProxies.check(); err != nil {
		return nil, fmt.Errorf("gateway: Config.FrontProxies: %w", err)
	}
	limited := limit(cfg.Logger)
	g := &Gateway{
		observer: cfg.Observer, tokenHeader: header, fronts: cfg.FrontProxies.clone(),
		log: slog.New(limited), accepted: slog.New(limited.Unlimited()),
	}
	if g.observer == nil {
		g.observer = nobody{}
	}
	switch {
	case cfg.Verifier != nil && cfg.Routes != nil:
		return nil, errors.New("gateway: Config has a Verifier and Routes; give one of them")
	case cfg.Routes != nil:
		if err := g.SetRoutes(cfg.Routes); err != nil {
			return nil, err
		}
	case isNil(cfg.Verifier):
		return nil, errors.New("gateway: Config.Verifier is nil; give it what verifier.New returned")
	default:
		g.policy.Store(everything(cfg.Verifier))
	}
	return g, nil
}

// isNil reports whether there is no verifier. An interface holding a nil
// *verifier.Verifier is not nil, but useless too.
func isNil(v Verifier) bool {
	concrete, ok := v.(*verifier.Verifier)
	return v == nil || ok && concrete == nil
}

// SetRoutes replaces the policy, all at once. Requests that are being decided
// keep the policy that they began with. After an error the old policy stays.
func (g *Gateway) SetRoutes(routes []Route) error {
	p, err := newPolicy(routes)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	g.policy.Store(p)
	return nil
}

// TokenHeader returns the canonical name of the header that tokens stand in,
// for adapters. In Authorization, the scheme Bearer precedes the token.
func (g *Gateway) TokenHeader() string { return cmp.Or(g.tokenHeader, authorization) }

// limit bounds what strangers can write to a log; nil discards.
func limit(log *slog.Logger) *loglimit.Handler {
	if log == nil {
		return loglimit.New(slog.DiscardHandler)
	}
	return loglimit.New(log.Handler())
}
