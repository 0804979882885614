// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway protects HTTP services with stapled tokens.
//
// A [Gateway] is net/http middleware: it takes the token of a request from its
// Authorization header, asks a verifier, and hands accepted requests on, with
// the token in their context. A [Proxy] is a reverse proxy behind it, for
// upstreams that cannot embed the middleware: it tells them the identity in
// Stapled-* headers.
//
// Callers learn only that they were refused. Every refusal is the same 401 with
// WWW-Authenticate: Bearer error="invalid_token" (RFC 6750 §3), down to the last
// byte; its reason goes to the log and to the metrics. How
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
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/verifier"
)

// Verifier decides about tokens. [*verifier.Verifier] is the one to use.
type Verifier interface {
	// Verify accepts or rejects a token in compact serialization. An error
	// that is not a *verifier.Error counts as Unclassified.
	Verify(raw string) (*verifier.Token, error)
}

// Config is what a gateway needs.
type Config struct {
	// Verifier decides. Required.
	Verifier Verifier
	// Logger gets one line per accepted request at level Debug, and lines about
	// rejected requests at level Info. Anybody can cause the latter, so of each
	// reason 10 pass at once and then one each 10 seconds, whose attribute
	// left_out is the number of lines left out before it. Default: none.
	Logger *slog.Logger
	// Metrics is told every outcome, also those left out of the log. Default:
	// none.
	Metrics Metrics
}

// Gateway lets requests with an acceptable token pass, and refuses all others
// alike. It is safe for concurrent use.
type Gateway struct {
	verifier Verifier
	log      *slog.Logger // limited: anybody can cause its lines
	accepted *slog.Logger
	metrics  Metrics
}

// New checks the configuration.
func New(cfg Config) (*Gateway, error) {
	// A nil *verifier.Verifier in the interface is not nil, but as useless.
	if v, ok := cfg.Verifier.(*verifier.Verifier); cfg.Verifier == nil || ok && v == nil {
		return nil, errors.New("gateway: Config.Verifier is nil; give it what verifier.New returned")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	limited := loglimit.New(cfg.Logger.Handler())
	g := &Gateway{
		verifier: cfg.Verifier, metrics: cfg.Metrics,
		log: slog.New(limited), accepted: slog.New(limited.Unlimited()),
	}
	if g.metrics == nil {
		g.metrics = noMetrics{}
	}
	return g, nil
}

// Wrap protects a handler: it is called for requests with an accepted token
// only, and finds that token with [FromContext]. Like http.Handle, Wrap panics
// if the handler is nil.
func (g *Gateway) Wrap(next http.Handler) http.Handler {
	if next == nil {
		panic("gateway: Wrap of a nil handler")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := g.admit(r)
		if !ok {
			challenge(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), token)))
	})
}

// tokenKey is the context key of the accepted token.
type tokenKey struct{}

// NewContext returns a context in which [FromContext] finds this token. It is
// for unit tests of handlers, which then need no gateway, and for
// adapters that verify tokens by other means than [Gateway.Wrap]. It has no say in
// whether a gateway accepts a request.
func NewContext(ctx context.Context, token *verifier.Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// FromContext returns the token that a request was accepted for. It reports
// false in a handler that is not behind [Gateway.Wrap], unless [NewContext] has
// put a token there.
func FromContext(ctx context.Context) (*verifier.Token, bool) {
	token, _ := ctx.Value(tokenKey{}).(*verifier.Token)
	return token, token != nil
}

// admit decides about a request, and tells the log and the metrics.
func (g *Gateway) admit(r *http.Request) (*verifier.Token, bool) {
	raw, err := bearer(r.Header)
	if err != nil {
		g.rejected(r, "", 0, err)
		return nil, false
	}
	start := time.Now()
	token, err := g.verifier.Verify(raw)
	took := time.Since(start)
	if err == nil && token == nil {
		err = errors.New("the verifier returned neither a token nor an error")
	}
	if err != nil {
		g.rejected(r, raw, took, err)
		return nil, false
	}
	g.metrics.Accepted(took)
	if g.accepted.Enabled(r.Context(), slog.LevelDebug) {
		g.accepted.LogAttrs(r.Context(), slog.LevelDebug, "request accepted",
			slog.String("issuer", loggable(token.Issuer, raw)), slog.String("jti", loggable(token.ID, raw)),
			slog.String("remote", r.RemoteAddr), slog.String("path", loggable(r.URL.Path, raw)))
	}
	return token, true
}

// rejected tells the log and the metrics why. The query is left out of the
// log, because clients put secrets there.
func (g *Gateway) rejected(r *http.Request, raw string, took time.Duration, err error) {
	reason, detail := classify(err)
	g.metrics.Rejected(reason, took)
	if !g.log.Enabled(r.Context(), slog.LevelInfo) {
		return
	}
	g.log.LogAttrs(r.Context(), slog.LevelInfo, "request rejected",
		slog.String("reason", string(reason)), slog.String("detail", loggable(detail, raw)),
		slog.String("remote", r.RemoteAddr), slog.String("path", loggable(r.URL.Path, raw)))
}

const challengeBody = "unauthorized\n"

// challenge is the one answer to every request that is refused. RFC 6750 §3.1
// would leave the error code out for a request without credentials, and offers
// invalid_request for a malformed one; telling them apart here would tell a
// stranger how far the checks went.
func challenge(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	plain(w, http.StatusUnauthorized, challengeBody)
}

// plain writes a fixed answer that no cache keeps.
func plain(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, body) // a client that is gone needs no answer
}
