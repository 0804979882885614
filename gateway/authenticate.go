// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Request is what a gateway needs to know about a request, as plain values. An
// adapter fills in what its protocol provides.
type Request struct {
	// Credentials are the values of the Authorization header fields (RFC 9110
	// §11.6.2), one per field, in order. An adapter must not join, split or
	// choose: the gateway refuses two fields.
	Credentials []string
	// Method is the request method, in the case it was sent in.
	Method string
	// Target is the request target.
	Target Target
	// Peer is the certificate with which the client authenticated the
	// connection (RFC 8446 §4.4.2), or nil.
	Peer *x509.Certificate
	// RemoteAddr is the address of the peer, for the log.
	RemoteAddr string
}

// Target is the target of a [Request] as it was sent, neither decoded nor
// resolved.
type Target struct {
	// Scheme is http or https, from the connection, never from a header.
	Scheme string
	// Host is the Host header or :authority, with the port if it has one.
	Host string
	// Path is the path with its percent-encoding (RFC 3986 §3.3).
	Path string
	// RawQuery is the part after the question mark. It is never logged, because
	// clients put secrets there.
	RawQuery string
}

// Authenticate decides about a request. It returns either the token of an
// accepted request or a Refusal, never both and never neither. It reports to
// the log and the observer.
//
// A [Refusal] is not an error, so a nil Refusal cannot become a non-nil error.
func (g *Gateway) Authenticate(ctx context.Context, r Request) (verifier.Token, *Refusal) {
	if g.verifier == nil {
		return verifier.Token{}, newRefusal(stapled.ConfigInvalid, "this Gateway was not made by gateway.New")
	}
	// 1. Exactly one place for exactly one token.
	raw, err := bearer(r.Credentials)
	if err != nil {
		return verifier.Token{}, g.refuse(ctx, r, "", 0, err)
	}
	// 2. The token.
	start := time.Now()
	token, err := g.verifier.Verify(raw)
	took := time.Since(start)
	if err == nil && token == (verifier.Token{}) {
		err = errors.New("the verifier returned neither a token nor an error")
	}
	if err != nil {
		return verifier.Token{}, g.refuse(ctx, r, raw, took, err)
	}
	g.observer.Observe(Event{Outcome: OutcomeAccepted, Took: took})
	if g.accepted.Enabled(ctx, slog.LevelDebug) {
		g.accepted.LogAttrs(ctx, slog.LevelDebug, "request accepted",
			slog.String("issuer", loggable(token.Issuer(), raw)), slog.String("jti", loggable(token.ID(), raw)),
			slog.String("remote", r.RemoteAddr), slog.String("path", r.Target.loggable(raw)))
	}
	return token, nil
}

// refuse returns the refusal, and reports the cause to the log and the
// observer.
func (g *Gateway) refuse(ctx context.Context, r Request, raw string, took time.Duration, err error) *Refusal {
	reason, detail := classify(err)
	refusal := newRefusal(reason, loggable(detail, raw))
	g.observer.Observe(Event{Outcome: OutcomeRejected, Reason: refusal.Reason, Took: took})
	if g.log.Enabled(ctx, slog.LevelInfo) {
		g.log.LogAttrs(ctx, slog.LevelInfo, "request rejected",
			slog.String("reason", string(refusal.Reason)), slog.String("detail", refusal.Detail),
			slog.String("remote", r.RemoteAddr), slog.String("path", r.Target.loggable(raw)))
	}
	return refusal
}

// loggable returns the decoded path: an encoded one could hide a token.
func (t Target) loggable(raw string) string {
	path, err := url.PathUnescape(t.Path)
	if err != nil {
		path = t.Path
	}
	return loggable(path, raw)
}

// classify splits an error into its reason and the detail for the log.
func classify(err error) (reason stapled.Reason, detail string) {
	e, ok := errors.AsType[*stapled.Error](err)
	switch {
	case !ok:
		return stapled.Unclassified, err.Error()
	case e == nil || e.Reason == "":
		return stapled.Unclassified, "the verifier's error has no reason"
	case e.Err == nil:
		return e.Reason, ""
	}
	return e.Reason, e.Err.Error()
}
