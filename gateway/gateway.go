// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway protects services with stapled tokens.
//
// The decision is about values, whatever protocol brought them:
// [Gateway.Authenticate] takes a [Request] and gives the accepted token or a
// [Refusal]. What speaks a protocol is an adapter around it. [Gateway.Wrap] is
// the one for net/http: middleware that takes the token of a request from its
// Authorization header, and hands accepted requests on, with the token in their
// context. A [Proxy] is a handler behind it, for upstreams that cannot embed the
// middleware: it tells them the identity in Stapled-* headers. Handlers of yours
// can stand between the two, and decide what a caller may do.
//
// Callers learn only that they were refused. Every refusal is the same 401 with
// WWW-Authenticate: Bearer error="invalid_token" (RFC 6750 §3), down to the last
// byte; its reason goes to the log and to the observer. How
// long it took is not hidden: a token is public, and so is what makes one
// wrong.
//
// The token is verified when the request arrives. A response that streams for
// hours, or a connection that is upgraded to another protocol, outlives it;
// a handler that minds compares the clock with [verifier.Token.FreshUntil].
//
// The package depends on the standard library and on package verifier. Metrics
// for Prometheus are in gateway/prom.
package gateway

import (
	"errors"
	"log/slog"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/verifier"
)

// Verifier decides about tokens. [*verifier.Verifier] is the one to use.
type Verifier interface {
	// Verify accepts or rejects a token in compact serialization. An error
	// that is not a *stapled.Error counts as stapled.Unclassified, and so does
	// the zero Token without an error.
	Verify(raw string) (verifier.Token, error)
}

// Config is what a gateway needs.
type Config struct {
	// Verifier decides. Required.
	Verifier Verifier
	// Logger gets one line per accepted request at level Debug, and lines about
	// refused requests at level Info. Anybody can cause the latter, so of each
	// reason 10 pass at once and then one each 10 seconds, whose attribute
	// left_out is the number of lines left out before it. Default: none.
	Logger *slog.Logger
	// Observer is told every outcome, also those left out of the log. Default:
	// none.
	Observer Observer
}

// Gateway lets requests with an acceptable token pass, and refuses all others
// alike. It is safe for concurrent use.
type Gateway struct {
	verifier Verifier
	log      *slog.Logger // limited: anybody can cause its lines
	accepted *slog.Logger
	observer Observer
}

// New checks the configuration.
func New(cfg Config) (*Gateway, error) {
	// A nil *verifier.Verifier in the interface is not nil, but as useless.
	if v, ok := cfg.Verifier.(*verifier.Verifier); cfg.Verifier == nil || ok && v == nil {
		return nil, errors.New("gateway: Config.Verifier is nil; give it what verifier.New returned")
	}
	limited := limit(cfg.Logger)
	g := &Gateway{
		verifier: cfg.Verifier, observer: cfg.Observer,
		log: slog.New(limited), accepted: slog.New(limited.Unlimited()),
	}
	if g.observer == nil {
		g.observer = nobody{}
	}
	return g, nil
}

// limit bounds what strangers can write into a log; nil discards.
func limit(log *slog.Logger) *loglimit.Handler {
	if log == nil {
		return loglimit.New(slog.DiscardHandler)
	}
	return loglimit.New(log.Handler())
}
