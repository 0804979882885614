// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Decide decides about a request. It returns either a Grant or a Refusal, never
// both and never neither. It reports to the log and the observer.
//
// A [Refusal] is not an error, so a nil Refusal cannot become a non-nil error.
func (g *Gateway) Decide(ctx context.Context, r Request) (Grant, *Refusal) {
	routes := g.routes.Load()
	if routes == nil {
		return Grant{}, newRefusal(stapled.ConfigInvalid, "this Gateway was not made by gateway.New")
	}
	d := decision{gateway: g, request: r}
	grant, err := d.decide(*routes)
	if err != nil {
		return Grant{}, g.refuse(ctx, &d, err)
	}
	g.accept(ctx, &d, grant)
	return grant, nil
}

// decision is a request on its way to a verdict.
type decision struct {
	gateway *Gateway
	request Request
	route   *Route        // once one matches
	raw     string        // the token, to keep it out of the log
	took    time.Duration // to verify the token
}

// decide does the steps of a decision.
func (d *decision) decide(routes []Route) (Grant, error) {
	r := d.request
	// 1. The route: the first that matches. Without one, nobody is let in.
	for i := range routes {
		if routes[i].matches(r) {
			d.route = &routes[i]
			break
		}
	}
	if d.route == nil {
		return Grant{}, stapled.Errorf(stapled.RouteMissing, "no route of the policy is for this host, path and method")
	}
	if d.route.Open {
		return Grant{route: d.route}, nil
	}
	// 2. Exactly one place for exactly one token.
	raw, err := bearer(r.Credentials)
	if err != nil {
		return Grant{}, err
	}
	d.raw = raw
	// 3. The token.
	start := time.Now()
	token, err := d.route.Verifier.VerifyBound(raw, verifier.Bindings{Peer: r.Peer})
	d.took = time.Since(start)
	if err == nil && token == (verifier.Token{}) {
		err = errors.New("the verifier returned neither a token nor an error")
	}
	if err != nil {
		return Grant{}, err
	}
	// 4. What the route wants of a token, and who may call.
	if err := d.route.permits(Call{Token: token, Request: r}); err != nil {
		return Grant{}, err
	}
	return Grant{route: d.route, token: token}, nil
}

// accept reports a grant to the log and the observer.
func (g *Gateway) accept(ctx context.Context, d *decision, grant Grant) {
	g.observer.Observe(Event{Route: grant.Route(), Outcome: OutcomeAccepted, Took: d.took})
	if g.accepted.Enabled(ctx, slog.LevelDebug) {
		token, r := grant.Token(), d.request
		g.accepted.LogAttrs(ctx, slog.LevelDebug, "request accepted",
			slog.String("issuer", loggable(token.Issuer(), d.raw)), slog.String("jti", loggable(token.ID(), d.raw)),
			slog.String("remote", r.RemoteAddr), slog.String("path", r.Target.loggable(d.raw)))
	}
}

// refuse returns the refusal, and reports the cause to the log and the
// observer.
func (g *Gateway) refuse(ctx context.Context, d *decision, err error) *Refusal {
	reason, detail := classify(err)
	refusal := newRefusal(reason, loggable(detail, d.raw))
	route := ""
	if d.route != nil {
		route = d.route.Name
	}
	g.observer.Observe(Event{Route: route, Outcome: OutcomeRejected, Reason: refusal.Reason, Took: d.took})
	if g.log.Enabled(ctx, slog.LevelInfo) {
		g.log.LogAttrs(ctx, slog.LevelInfo, "request rejected",
			slog.String("reason", string(refusal.Reason)), slog.String("detail", refusal.Detail),
			slog.String("remote", d.request.RemoteAddr), slog.String("path", d.request.Target.loggable(d.raw)))
	}
	return refusal
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
